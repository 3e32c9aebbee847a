-- What a plan takes and gives back, pool by pool: an object of keys.
alter table plan add column seats_by_pool jsonb not null default '{}'::jsonb;

-- How many active people a connection has is counted up to a limit, by this index.
create index member_active_of on member (tenant_id, connection_id) where identity_state = 'active';
