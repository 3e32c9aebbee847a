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
