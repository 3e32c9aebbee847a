-- Orders and filters of the list of people, and people by a user name that they may have had.
create index member_by_user_name on member (tenant_id, user_name_key, id);
create index member_created on member (tenant_id, created_at, id);
create index member_track on member (tenant_id, track_id, id);
create index member_pool on member (tenant_id, pool_id, id);
create index member_managed_by on member (tenant_id, managed_by, id);
create index member_away on member (tenant_id, id) where identity_state <> 'active';
create index assignment_paused on assignment (tenant_id, member_id) where paused_since is not null;
-- The one before serves whom it did.
drop index member_imported;

delete from sqlite_stat1 where idx = 'member_imported';
insert into sqlite_stat1 (tbl, idx, stat) values
    ('member', 'member_by_user_name', '100000 100000 1 1'),
    ('member', 'member_created', '100000 100000 2 1'),
    ('member', 'member_track', '100000 100000 20000 1'),
    ('member', 'member_pool', '100000 100000 20000 1'),
    ('member', 'member_managed_by', '100000 100000 30000 1'),
    ('member', 'member_away', '5000 5000 1'),
    ('assignment', 'assignment_paused', '1000 1000 2');
analyze sqlite_schema;
