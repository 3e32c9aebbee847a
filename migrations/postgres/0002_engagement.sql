-- What the coaching platform tells of people, and what it comes to.

-- As received, but for who: that is resolved when it arrives, so that no address is kept.
create table event (
    tenant_id     bigint not null,
    id            text collate "C" not null,
    member_id     uuid not null,
    type          text collate "C" not null,
    occurred_at   timestamptz not null,
    received_at   timestamptz not null,
    session_id    text collate "C",
    starts_at     timestamptz,
    duration_min  bigint check (duration_min >= 0),
    reflection_id text collate "C",
    problem       text,
    primary key (tenant_id, id),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade
);
create index event_of_member on event (tenant_id, member_id, occurred_at, id);
create index event_by_time on event (tenant_id, occurred_at, id);
create index event_of_type on event (tenant_id, type, occurred_at, id);

-- A group's session has a row for each who takes part.
create table session (
    tenant_id     bigint not null,
    member_id     uuid not null,
    id            text collate "C" not null,
    assignment_id uuid,
    state         text not null check (state in ('scheduled', 'completed', 'cancelled', 'no_show')),
    starts_at     timestamptz not null,
    duration_min  bigint,
    primary key (tenant_id, member_id, id),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade,
    foreign key (tenant_id, assignment_id) references assignment (tenant_id, id)
);
create index session_of on session (tenant_id, member_id, starts_at, id);
create index session_next on session (tenant_id, member_id, starts_at) where state = 'scheduled';

create table reflection (
    tenant_id     bigint not null,
    member_id     uuid not null,
    id            text collate "C" not null,
    assignment_id uuid,
    assigned_at   timestamptz not null,
    completed_at  timestamptz,
    primary key (tenant_id, member_id, id),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade,
    foreign key (tenant_id, assignment_id) references assignment (tenant_id, id)
);

alter table track add column stall_thresholds jsonb not null default '{}';

-- Within how many days four of five people left a status, where enough did.
create table benchmark (
    tenant_id bigint not null,
    track_id  uuid not null,
    stage     text not null,
    n         bigint not null,
    days      bigint not null check (days > 0),
    primary key (tenant_id, track_id, stage),
    foreign key (tenant_id, track_id) references track (tenant_id, id)
);

-- The journey of an episode is with its assignment: it begins in the statement that makes that, and
-- a list finds both in one row. What the clock changes is an instant to compare with.
alter table assignment add column invited_at timestamptz;
alter table assignment add column stage text not null default 'invited' check (stage in
    ('invited', 'activated', 'completed_onboarding', 'started_coaching', 'reflection_assigned', 'reflection_completed'));
alter table assignment add column stage_since timestamptz;
alter table assignment add column clock_from timestamptz;
alter table assignment add column sessions_completed bigint not null default 0 check (sessions_completed >= 0);
alter table assignment add column last_completed_at timestamptz;
alter table assignment add column outstanding_since timestamptz;
alter table assignment add column last_scheduled_at timestamptz;
-- The next session, until that passes and a look at the list puts the one after it here.
alter table assignment add column next_session_at timestamptz;
alter table assignment add column engaged_at timestamptz;
alter table assignment add column login_at timestamptz;
alter table assignment add column stopped boolean not null default false;
alter table assignment add column running_since timestamptz;
alter table assignment add column idle_since timestamptz;
-- From this instant on they have stalled, unless something happens.
alter table assignment add column stalls_at timestamptz;
-- Seconds that each status took once it was left, of which benchmarks are made.
alter table assignment add column took_invited bigint;
alter table assignment add column took_activated bigint;
alter table assignment add column took_completed_onboarding bigint;
alter table assignment add column took_started_coaching bigint;
alter table assignment add column took_reflection_assigned bigint;
alter table assignment add column took_reflection_completed bigint;
-- The status in its order, and the end of it; none before any seat.
alter table assignment add column status_rank bigint generated always as (case
    when state in ('assigned', 'grace') then case stage
        when 'invited' then 1 when 'activated' then 2 when 'completed_onboarding' then 3
        when 'started_coaching' then 4 when 'reflection_assigned' then 5 else 6 end
    when held or episode > 1 then 7 end) stored;
update assignment set invited_at = greatest(starts_at, created_at), clock_from = greatest(starts_at, created_at),
    stage_since = greatest(starts_at, created_at), idle_since = greatest(starts_at, created_at) where held;
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
    select t.id, gen_random_uuid(), 'engagement', count(m.id), t.created_at from tenant t
    join member m on m.tenant_id = t.id and m.scim_id is not null group by t.id, t.created_at;
