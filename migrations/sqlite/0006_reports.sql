-- Sessions that took place after access was over are few, and looked for among very many events.
create index event_without_effect on event (tenant_id, member_id) where problem is not null;

insert into sqlite_stat1 (tbl, idx, stat) values
    ('event', 'event_without_effect', '1000 1000 2');
analyze sqlite_schema;
