-- What a plan takes and gives back, pool by pool: an object of keys.
alter table plan add column seats_by_pool text not null default '{}';

-- How many active people a connection has is counted up to a limit, by this index.
create index member_active_of on member (tenant_id, connection_id) where identity_state = 'active';

insert into sqlite_stat1 (tbl, idx, stat) values
    ('member', 'member_active_of', '100000 100000 50000');
analyze sqlite_schema;
