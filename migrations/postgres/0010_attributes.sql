-- Attributes of people that a tenant declares for itself. One that is undeclared while people still
-- hold values stays, hidden, so that nobody declares it anew with another type than those have.
create table custom_attribute (
    tenant_id   bigint not null references tenant (id),
    -- The name without its case and punctuation: no two may differ in those alone, since headers of
    -- files do.
    key         text collate "C" not null,
    name        text collate "C" not null,
    type        text not null check (type in ('string', 'boolean', 'integer', 'dateTime')),
    description text,
    source      text,
    declared    boolean not null default true,
    created_at  timestamptz not null,
    primary key (tenant_id, key)
);

-- Their values by which people are found, in the form in which filters compare them.
create table member_attribute (
    tenant_id bigint not null,
    name      text collate "C" not null,
    value     text collate "C" not null,
    member_id uuid not null,
    primary key (tenant_id, name, value, member_id),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade
);
create index member_attribute_of on member_attribute (tenant_id, member_id);

create function member_keep_attributes() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        delete from member_attribute where tenant_id = new.tenant_id and member_id = new.id;
    end if;
    if new.search ? 'urn:ietf:params:scim:schemas:extension:coaching:custom:2.0:User' then
        insert into member_attribute
            select new.tenant_id, key, value, new.id from jsonb_each_text(
                new.search -> 'urn:ietf:params:scim:schemas:extension:coaching:custom:2.0:User');
    end if;
    return null;
end $$;
create trigger member_attribute_is_kept after insert on member for each row
    when (new.search ? 'urn:ietf:params:scim:schemas:extension:coaching:custom:2.0:User')
    execute function member_keep_attributes();
create trigger member_attribute_follows after update of search on member for each row
    when (old.search -> 'urn:ietf:params:scim:schemas:extension:coaching:custom:2.0:User'
        is distinct from new.search -> 'urn:ietf:params:scim:schemas:extension:coaching:custom:2.0:User')
    execute function member_keep_attributes();

-- An end that a length of access made, and that was kept when the track changed.
alter table assignment add column kept_end timestamptz;
