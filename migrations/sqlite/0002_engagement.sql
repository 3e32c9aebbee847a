-- What the coaching platform tells of people, and what it comes to.

-- As received, but for who: that is resolved when it arrives, so that no address is kept.
create table event (
    tenant_id     integer not null,
    id            text not null,
    member_id     blob not null,
    type          text not null,
    occurred_at   integer not null,
    received_at   integer not null,
    session_id    text,
    starts_at     integer,
    duration_min  integer check (duration_min >= 0),
    reflection_id text,
    problem       text,
    primary key (tenant_id, id),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade
) strict;
create index event_of_member on event (tenant_id, member_id, occurred_at, id);
create index event_by_time on event (tenant_id, occurred_at, id);
create index event_of_type on event (tenant_id, type, occurred_at, id);

-- A group's session has a row for each who takes part.
create table session (
    tenant_id     integer not null,
    member_id     blob not null,
    id            text not null,
    assignment_id blob,
    state         text not null check (state in ('scheduled', 'completed', 'cancelled', 'no_show')),
    starts_at     integer not null,
    duration_min  integer,
    primary key (tenant_id, member_id, id),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade,
    foreign key (tenant_id, assignment_id) references assignment (tenant_id, id)
) strict, without rowid;
create index session_of on session (tenant_id, member_id, starts_at, id);
create index session_next on session (tenant_id, member_id, starts_at) where state = 'scheduled';

create table reflection (
    tenant_id     integer not null,
    member_id     blob not null,
    id            text not null,
    assignment_id blob,
    assigned_at   integer not null,
    completed_at  integer,
    primary key (tenant_id, member_id, id),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade,
    foreign key (tenant_id, assignment_id) references assignment (tenant_id, id)
) strict, without rowid;

alter table track add column stall_thresholds text not null default '{}';

-- Within how many days four of five people left a status, where enough did.
create table benchmark (
    tenant_id integer not null,
    track_id  blob not null,
    stage     text not null,
    n         integer not null,
    days      integer not null check (days > 0),
    primary key (tenant_id, track_id, stage),
    foreign key (tenant_id, track_id) references track (tenant_id, id)
) strict, without rowid;

-- The journey of an episode is with its assignment: it begins in the statement that makes that, and
-- a list finds both in one row. What the clock changes is an instant to compare with.
alter table assignment add column invited_at integer;
alter table assignment add column stage text not null default 'invited' check (stage in
    ('invited', 'activated', 'completed_onboarding', 'started_coaching', 'reflection_assigned', 'reflection_completed'));
alter table assignment add column stage_since integer;
alter table assignment add column clock_from integer;
alter table assignment add column sessions_completed integer not null default 0 check (sessions_completed >= 0);
alter table assignment add column last_completed_at integer;
alter table assignment add column outstanding_since integer;
alter table assignment add column last_scheduled_at integer;
-- The next session, until that passes and a look at the list puts the one after it here.
alter table assignment add column next_session_at integer;
alter table assignment add column engaged_at integer;
alter table assignment add column login_at integer;
alter table assignment add column stopped integer not null default 0;
alter table assignment add column running_since integer;
alter table assignment add column idle_since integer;
-- From this instant on they have stalled, unless something happens.
alter table assignment add column stalls_at integer;
-- Seconds that each status took once it was left, of which benchmarks are made.
alter table assignment add column took_invited integer;
alter table assignment add column took_activated integer;
alter table assignment add column took_completed_onboarding integer;
alter table assignment add column took_started_coaching integer;
alter table assignment add column took_reflection_assigned integer;
alter table assignment add column took_reflection_completed integer;
-- The status in its order, and the end of it; none before any seat.
alter table assignment add column status_rank integer generated always as (case
    when state in ('assigned', 'grace') then case stage
        when 'invited' then 1 when 'activated' then 2 when 'completed_onboarding' then 3
        when 'started_coaching' then 4 when 'reflection_assigned' then 5 else 6 end
    when held or episode > 1 then 7 end) virtual;
update assignment set invited_at = max(starts_at, created_at), clock_from = max(starts_at, created_at),
    stage_since = max(starts_at, created_at), idle_since = max(starts_at, created_at) where held;
create index assignment_status on assignment (tenant_id, status_rank, member_id);
create index assignment_sessions on assignment (tenant_id, sessions_completed, member_id);
create index assignment_next on assignment (tenant_id, next_session_at, member_id) where next_session_at is not null;
create index assignment_status_sessions on assignment (tenant_id, status_rank, sessions_completed, member_id);
create index assignment_status_next on assignment (tenant_id, status_rank, next_session_at, member_id) where next_session_at is not null;
create index assignment_status_engaged on assignment (tenant_id, status_rank, engaged_at, member_id) where engaged_at is not null;
create index assignment_engaged on assignment (tenant_id, engaged_at, member_id) where engaged_at is not null;
create index assignment_idle on assignment (tenant_id, idle_since, member_id) where state = 'assigned';
create index assignment_stalls on assignment (tenant_id, stalls_at, member_id) where state = 'assigned';
create index assignment_returned on assignment (tenant_id, episode, member_id) where episode > 1;

-- A pass over everybody gives those who are here already the instant from which they have stalled.
insert into placement_run (tenant_id, id, reason, total, created_at)
    select t.id, randomblob(16), 'engagement', count(m.id), t.created_at from tenant t
    join member m on m.tenant_id = t.id and m.scim_id is not null group by t.id, t.created_at;

insert into sqlite_stat1 (tbl, idx, stat) values
    ('event', 'sqlite_autoindex_event_1', '1000000 1000000 1'),
    ('event', 'event_of_member', '1000000 1000000 20 1 1'),
    ('event', 'event_by_time', '1000000 1000000 1 1'),
    ('event', 'event_of_type', '1000000 1000000 100000 1 1'),
    ('session', 'session', '300000 300000 6 1'),
    ('session', 'session_of', '300000 300000 6 1 1'),
    ('session', 'session_next', '40000 40000 1 1'),
    ('reflection', 'reflection', '100000 100000 2 1'),
    ('assignment', 'assignment_status', '120000 120000 15000 1'),
    ('assignment', 'assignment_sessions', '120000 120000 5000 1'),
    ('assignment', 'assignment_next', '40000 40000 2 1'),
    ('assignment', 'assignment_status_sessions', '120000 120000 15000 1000 1'),
    ('assignment', 'assignment_status_next', '40000 40000 6000 2 1'),
    ('assignment', 'assignment_status_engaged', '80000 80000 12000 2 1'),
    ('assignment', 'assignment_engaged', '80000 80000 2 1'),
    ('assignment', 'assignment_idle', '100000 100000 2 1'),
    ('assignment', 'assignment_stalls', '100000 100000 2 1'),
    ('assignment', 'assignment_returned', '20000 20000 5000 1');
analyze sqlite_schema;
