-- Whose an operator's token is, where it is somebody's in particular: it ends with their access. A
-- person's row is never removed, so nothing can be left pointing nowhere.
alter table token add column member_id blob;
create index token_of_member on token (tenant_id, member_id) where member_id is not null;

-- Who looks after what they made, which goes on without them.
create table owner (
    tenant_id integer not null,
    kind      text not null check (kind in ('webhook', 'mapping', 'connection')),
    thing_id  blob not null,
    member_id blob not null,
    since     integer not null,
    primary key (tenant_id, kind, thing_id),
    foreign key (tenant_id, member_id) references member (tenant_id, id)
) strict, without rowid;
create index owner_of on owner (tenant_id, member_id);

-- What somebody who had tokens, or looked after something, leaves to be looked at.
create table credential_review (
    tenant_id integer not null,
    member_id blob not null,
    opened_at integer not null,
    -- Whether a token of theirs was an owner's.
    admin     integer not null,
    closed_at integer,
    closed_by text,
    primary key (tenant_id, member_id),
    check ((closed_at is null) = (closed_by is null)),
    foreign key (tenant_id, member_id) references member (tenant_id, id)
) strict, without rowid;
create index credential_review_open on credential_review (tenant_id, opened_at, member_id)
    where closed_at is null;

-- In the smallest unit of the customer's currency.
alter table pool add column unit_cost integer check (unit_cost >= 0);
-- How often a seat that was used may be given to somebody else within the term, over all seats.
alter table pool add column max_reassignments integer check (max_reassignments >= 0);
alter table pool add column reassignments integer not null default 0;

-- How long requests of a connection took, counted by day and by length.
create table connection_latency (
    tenant_id     integer not null,
    connection_id blob not null,
    -- Days since 1970.
    day           integer not null,
    measure       text not null check (measure in ('request', 'access_cut')),
    bucket        integer not null,
    n             integer not null,
    primary key (tenant_id, connection_id, day, measure, bucket),
    foreign key (tenant_id, connection_id) references connection (tenant_id, id)
) strict, without rowid;

insert into sqlite_stat1 (tbl, idx, stat) values
    ('token', 'token_of_member', '100 100 2'),
    ('owner', 'owner', '200 200 60 1'),
    ('owner', 'owner_of', '200 200 10'),
    ('credential_review', 'credential_review', '100 100 1'),
    ('credential_review', 'credential_review_open', '20 20 1 1'),
    ('connection_latency', 'connection_latency', '3000 3000 1000 30 15 1');
analyze sqlite_schema;
