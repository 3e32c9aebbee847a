-- Sessions that took place after access was over are few, and looked for among very many events.
create index event_without_effect on event (tenant_id, member_id) where problem is not null;
