//! The list of people stays near a point read however many there are.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::plans::explained;
use super::{Fixture, now, on_both};
use crate::seats::outcome::AccessLevel;
use crate::store::engine::{Dialect, Value, args};
use crate::store::filter_sql::Sql;
use crate::store::member_list::candidates::Source;
use crate::store::member_list::page::{Part, page_sql};
use crate::store::member_list::{Order, Selection, Sort};
use crate::store::members::BY_EMAIL;

on_both!(
    an_index_serves_each_order,
    a_filter_leaves_the_order_to_its_index,
    an_index_serves_the_order_of_tracks_and_pools,
    an_index_finds_the_few,
    an_index_finds_whoever_has_an_address
);

/// Takes a minute on either engine, so it runs when asked for:
/// `cargo test --lib hundred_thousand -- --ignored --nocapture`.
mod measured {
    #[test]
    #[ignore = "makes a hundred thousand people"]
    fn sqlite_hundred_thousand() {
        super::super::run(async {
            super::pages_of_a_hundred_thousand(super::super::sqlite().await).await;
        });
    }
    #[test]
    #[ignore = "makes a hundred thousand people"]
    fn postgres_hundred_thousand() {
        super::super::run(async {
            super::pages_of_a_hundred_thousand(super::super::postgres().await).await;
        });
    }
}

const ORDERS: [(Order, &str); 9] = [
    (Order::UserName, "member_by_user_name"),
    (Order::Created, "member_created"),
    (Order::Name, "member_name"),
    (Order::AccessEnd, "member_ends"),
    (Order::Status, "assignment_status"),
    (Order::SessionsCompleted, "assignment_sessions"),
    (Order::NextSession, "assignment_next"),
    (Order::LastEngagement, "assignment_engaged"),
    (Order::Modified, "member_modified"),
];

fn all(order: Order, descending: bool) -> Selection {
    Selection {
        matching: None,
        is_indexed: false,
        states: None,
        holds: None,
        statuses: None,
        or_stalled: false,
        stalled: None,
        idle_since: None,
        episode_min: None,
        now: now(),
        levels: None,
        track: None,
        pool: None,
        managed_by: None,
        ends_by: None,
        ends_after: None,
        sort: Sort { order, descending },
    }
}

/// Every filter of engagement that an index serves.
fn filters(of: &Selection) -> Vec<(&'static str, Selection)> {
    let of = || of.clone();
    let days = |days: i64| Some(now() - SignedDuration::from_hours(24 * days));
    vec![
        (
            "invited",
            Selection {
                statuses: Some(vec![1]),
                ..of()
            },
        ),
        (
            "started",
            Selection {
                statuses: Some(vec![4]),
                ..of()
            },
        ),
        (
            "rare status",
            Selection {
                statuses: Some(vec![6]),
                ..of()
            },
        ),
        (
            "ended",
            Selection {
                statuses: Some(vec![7]),
                ..of()
            },
        ),
        (
            "two statuses",
            Selection {
                statuses: Some(vec![2, 3]),
                ..of()
            },
        ),
        (
            "stalled",
            Selection {
                stalled: Some(true),
                ..of()
            },
        ),
        (
            "not stalled",
            Selection {
                stalled: Some(false),
                ..of()
            },
        ),
        (
            "idle",
            Selection {
                idle_since: days(60),
                ..of()
            },
        ),
        (
            "returned",
            Selection {
                episode_min: Some(2),
                ..of()
            },
        ),
        (
            "holds",
            Selection {
                holds: Some(true),
                ..of()
            },
        ),
    ]
}

async fn an_index_serves_each_order(f: Fixture) {
    seed(&f, 400).await;
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    let dialect = tx.dialect();
    if dialect == Dialect::Postgres {
        for off in ["seqscan", "sort", "bitmapscan"] {
            tx.made(format!("set local enable_{off} = off"), args![])
                .await
                .unwrap();
        }
    }
    for (order, index) in ORDERS {
        for descending in [false, true] {
            let selection = all(order.clone(), descending);
            let of = (Part::Valued, None, None);
            let (sql, _) = page_sql(dialect, f.tenant, &selection, of, 50);
            let plan = explained(&mut tx, sql.text, sql.values).await;
            assert!(plan.contains(index), "{order:?} {descending}\n{plan}");
            assert!(
                !plan.contains("TEMP B-TREE FOR ORDER") && !plan.contains("Sort "),
                "{order:?}\n{plan}"
            );
        }
    }
    tx.roll_back().await.unwrap();
}

/// PostgreSQL knows how many a filter finds; SQLite is told.
async fn a_filter_leaves_the_order_to_its_index(f: Fixture) {
    seed(&f, 400).await;
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    let dialect = tx.dialect();
    for (order, index) in ORDERS {
        for (name, selection) in filters(&all(order, false)) {
            // These two are not looked up by an index.
            let looked_up = !["not stalled", "holds"].contains(&name);
            for few in [false, true].into_iter().take(1 + usize::from(looked_up)) {
                let of = (Part::Valued, None, few.then_some(Source::Engagement));
                let (sql, _) = page_sql(dialect, f.tenant, &selection, of, 50);
                let plan = explained(&mut tx, sql.text, sql.values).await;
                if dialect == Dialect::Sqlite && !few {
                    let within = index.replace("assignment_", "assignment_status_");
                    let served = plan.contains(index) || plan.contains(&within);
                    assert!(served, "{name} by {index}\n{plan}");
                    assert!(
                        !plan.contains("TEMP B-TREE FOR ORDER"),
                        "{name} by {index}\n{plan}"
                    );
                }
            }
        }
    }
    tx.roll_back().await.unwrap();
}

async fn an_index_serves_the_order_of_tracks_and_pools(f: Fixture) {
    seed(&f, 400).await;
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    let dialect = tx.dialect();
    if dialect == Dialect::Postgres {
        for off in ["seqscan", "sort", "bitmapscan"] {
            tx.made(format!("set local enable_{off} = off"), args![])
                .await
                .unwrap();
        }
    }
    let catalog = tx.catalog().await.unwrap();
    let of_track = (Order::Track, catalog.tracks[0].id, "member_track");
    let of_pool = (Order::Pool, catalog.pools[0].id, "member_pool");
    for (order, id, index) in [of_track, of_pool] {
        for part in [Part::Of(id), Part::Unvalued] {
            let selection = all(order.clone(), false);
            let (sql, _) = page_sql(dialect, f.tenant, &selection, (part, None, None), 50);
            let plan = explained(&mut tx, sql.text, sql.values).await;
            // Where nearly all are on one track, PostgreSQL may as well walk everybody; and who has
            // no track, or none any more, is found by walking them.
            let over = part == Part::Unvalued && matches!(order, Order::Track);
            let is_free = dialect == Dialect::Postgres || over;
            assert!(is_free || plan.contains(index), "{order:?}\n{plan}");
            let sorts = plan.contains("TEMP B-TREE FOR ORDER") || plan.contains("Sort ");
            assert!(!sorts, "{order:?}\n{plan}");
        }
    }
    tx.roll_back().await.unwrap();
}

/// Filters of which an index finds whom they are about, and that index.
fn rare() -> [(Source, Selection, &'static str); 6] {
    let of = || all(Order::Name, false);
    let id = Some(uuid::Uuid::nil());
    [
        (
            Source::Track,
            Selection { track: id, ..of() },
            "member_track",
        ),
        (Source::Pool, Selection { pool: id, ..of() }, "member_pool"),
        (
            Source::States,
            Selection {
                holds: Some(false),
                ..of()
            },
            "member_seat",
        ),
        (
            Source::ManagedBy,
            Selection {
                managed_by: Some(vec!["admin"]),
                ..of()
            },
            "member_managed_by",
        ),
        (
            Source::Ends,
            Selection {
                ends_by: Some(now()),
                ..of()
            },
            "member_ends",
        ),
        (
            Source::Levels,
            Selection {
                levels: Some(vec![AccessLevel::Archive]),
                ..of()
            },
            "assignment_paused",
        ),
    ]
}

async fn an_index_finds_the_few(f: Fixture) {
    seed(&f, 400).await;
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    let dialect = tx.dialect();
    if dialect == Dialect::Postgres {
        let sql = "set local enable_seqscan = off".to_owned();
        tx.made(sql, args![]).await.unwrap();
    }
    for (source, selection, index) in rare() {
        assert_eq!(Source::all(&selection), [source]);
        let mut sql = Sql::new(dialect, "", args![f.tenant]);
        source.candidates(&mut sql, &selection);
        let plan = explained(&mut tx, sql.text, sql.values).await;
        assert!(plan.contains(index), "{source:?}\n{plan}");
        let (sql, _) = page_sql(
            dialect,
            f.tenant,
            &selection,
            (Part::Valued, None, Some(source)),
            50,
        );
        let plan = explained(&mut tx, sql.text, sql.values).await;
        assert!(!plan.contains("SCAN m"), "{source:?}\n{plan}");
    }
    let full = Selection {
        levels: Some(vec![AccessLevel::Full]),
        ..all(Order::Name, false)
    };
    assert_eq!(Source::all(&full), []);
    tx.roll_back().await.unwrap();
}

/// By an address that they have, or that was their user name.
async fn an_index_finds_whoever_has_an_address(f: Fixture) {
    seed(&f, 400).await;
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    if tx.dialect() == Dialect::Postgres {
        let sql = "set local enable_seqscan = off".to_owned();
        tx.made(sql, args![]).await.unwrap();
    }
    let values = args![f.tenant, "u77"];
    let sql = tx.dialect().spell(BY_EMAIL).to_owned();
    let plan = explained(&mut tx, sql, values).await;
    assert!(plan.contains("member_by_user_name"), "{plan}");
    assert!(!plan.contains("SCAN m"), "{plan}");
    tx.roll_back().await.unwrap();
}

async fn pages_of_a_hundred_thousand(f: Fixture) {
    seed(&f, 100_000).await;
    let mut session = f.store.snapshot(f.tenant).await.unwrap();
    let sql = "select user_name from member where tenant_id = $1 and user_name_key = 'u77' \
               and identity_state in ('active', 'inactive')";
    let mut points = Vec::new();
    for _ in 0..50 {
        let began = Instant::now();
        session.one(sql, args![f.tenant]).await.unwrap();
        points.push(began.elapsed());
    }
    points.sort();
    println!("point read {:?}", points[25]);
    let mut slowest = Duration::ZERO;
    for (order, index) in ORDERS {
        for descending in [false, true] {
            let whole = all(order.clone(), descending);
            let mut cases = filters(&whole);
            cases.push(("all", whole));
            for (name, selection) in cases {
                let mut took = Duration::MAX;
                let mut found = 0;
                for _ in 0..3 {
                    let began = Instant::now();
                    found = session
                        .list_members(&selection, None, 51)
                        .await
                        .unwrap()
                        .len();
                    took = took.min(began.elapsed());
                }
                slowest = slowest.max(took);
                println!("{took:>12.1?} {name} by {index} {descending} found {found}");
            }
        }
    }
    println!("slowest {slowest:?}");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}

/// Makes people, most of them with a seat, each at another point of their journey.
async fn seed(f: &Fixture, people: i64) {
    let pool = f.pool(people).await;
    let mut tx = f.store.begin(f.tenant).await.unwrap();
    let track = tx.catalog().await.unwrap().tracks[0].id;
    let sqlite = tx.dialect() == Dialect::Sqlite;
    let id = |kind: &str| {
        if sqlite {
            format!("unhex(printf('%08x%024x', {kind}, n))")
        } else {
            format!("(lpad(to_hex({kind}), 8, '0') || lpad(to_hex(n), 24, '0'))::uuid")
        }
    };
    let at = |minutes: &str| {
        if sqlite {
            format!("$2 + ({minutes}) * 60000")
        } else {
            format!("cast($2 as timestamptz) + ({minutes}) * interval '1 minute'")
        }
    };
    let series = "with recursive s (n) as (select cast(1 as bigint) union all select n + 1 from s where n < $3)";
    // Nine of ten have a seat or had one.
    let state = "case n * 7919 % 10 when 0 then 'none' when 1 then 'ended' else 'assigned' end";
    let random = |by: i64| format!("(n * {by} % 100003)");
    let start = (now() - SignedDuration::from_hours(24 * 100)) as Timestamp;
    let values = || -> Vec<Value> { args![f.tenant, start, people, track, pool.id] };
    let json = if sqlite { "'{}'" } else { "'{}'::jsonb" };
    let members = format!(
        "{series} insert into member (tenant_id, id, scim_id, identity_state, managed_by, user_name, \
           user_name_key, name_key, doc, search, version, created_at, last_modified, assignment_id, \
           seat_state, track_id, pool_id, access_ends_at) \
         select $1, {id1}, {id1}, 'active', 'scim', 'u' || n, 'u' || n, 'n' || {name}, {json}, {json}, \
           1, {created}, {modified}, case when {state} <> 'none' then {id2} end, {state}, \
           case when {state} <> 'none' then $4 end, case when {state} <> 'none' then $5 end, \
           case when {state} <> 'none' then {ends} end from s",
        id1 = id("1"),
        id2 = id("2"),
        created = at("n % 1000"),
        name = random(104_729),
        modified = at(&random(15_485_863)),
        ends = at(&format!("500000 + {}", random(32_452_843))),
    );
    let (yes, no) = if sqlite {
        ("1", "0")
    } else {
        ("true", "false")
    };
    let stage = "case when n * 31 % 1000 = 7 then 'reflection_completed' when n * 13 % 6 = 0 then 'invited' \
         when n * 13 % 6 = 1 then 'activated' when n * 13 % 6 = 2 then 'completed_onboarding' \
         when n * 13 % 6 = 3 then 'reflection_assigned' else 'started_coaching' end";
    let assigned = format!("({state}) = 'assigned'");
    let assignments = format!(
        "{series} insert into assignment (tenant_id, id, member_id, product_id, track_id, pool_id, \
           episode, state, seat_n, starts_at, ends_at, end_source, held, ended_at, end_reason, inputs, \
           due_at, created_at, invited_at, stage, sessions_completed, engaged_at, idle_since, stalls_at, next_session_at) \
         select $1, {id2}, {id1}, $6, $4, $5, case when n % 20 = 5 then 2 else 1 end, {state}, \
           case when {assigned} then n end, {begins}, {ends}, 'pool', {yes}, \
           case when {assigned} then null else {over} end, \
           case when {assigned} then null else 'removed_by_admin' end, '', \
           case when {assigned} then {ends} end, {begins}, {begins}, {stage}, \
           n * 17 % 25, case when n % 3 > 0 then {engaged} end, {engaged}, \
           {stalls}, case when {stage} in ('completed_onboarding', 'started_coaching', \
             'reflection_completed') and n % 2 = 0 then {next} end from s where {state} <> 'none' and {no} = {no}",
        id1 = id("1"),
        id2 = id("2"),
        begins = at("0"),
        ends = at(&format!("500000 + {}", random(32_452_843))),
        over = at("90000"),
        engaged = at(&format!("{} * 14 / 10", random(49_979_687))),
        stalls = at(&format!("{} * 4", random(67_867_967))),
        next = at(&format!("144001 + {}", random(86_028_121))),
    );
    tx.made(members, values()).await.unwrap();
    let mut with_product = values();
    with_product.push(f.product.into());
    tx.made(assignments, with_product).await.unwrap();
    if !sqlite {
        tx.run("analyze", args![]).await.unwrap();
    }
    tx.commit().await.unwrap();
}
