-- Attributes of people that a tenant declares for itself. One that is undeclared while people still
-- hold values stays, hidden, so that nobody declares it anew with another type than those have.
create table custom_attribute (
    tenant_id   integer not null references tenant (id),
    -- The name without its case and punctuation: no two may differ in those alone, since headers of
    -- files do.
    key         text not null,
    name        text not null,
    type        text not null check (type in ('string', 'boolean', 'integer', 'dateTime')),
    description text,
    source      text,
    declared    integer not null default 1,
    created_at  integer not null,
    primary key (tenant_id, key)
) strict, without rowid;

-- Their values by which people are found, in the form in which filters compare them.
create table member_attribute (
    tenant_id integer not null,
    name      text not null,
    value     text not null,
    member_id blob not null,
    primary key (tenant_id, name, value, member_id),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade
) strict, without rowid;
create index member_attribute_of on member_attribute (tenant_id, member_id);

-- A look for the URN as text comes first: whoever has none of them costs no parsing.
create trigger member_attribute_is_kept after insert on member
when instr(new.search, 'urn:ietf:params:scim:schemas:extension:coaching:custom:2.0:User') > 0 begin
    insert into member_attribute
        select new.tenant_id, key, case type when 'true' then 'true' when 'false' then 'false'
            else cast(value as text) end, new.id
        from json_each(new.search, '$."urn:ietf:params:scim:schemas:extension:coaching:custom:2.0:User"');
end;
create trigger member_attribute_follows after update of search on member
when (instr(new.search, 'urn:ietf:params:scim:schemas:extension:coaching:custom:2.0:User') > 0
      or instr(old.search, 'urn:ietf:params:scim:schemas:extension:coaching:custom:2.0:User') > 0)
    and (old.search -> '$."urn:ietf:params:scim:schemas:extension:coaching:custom:2.0:User"') is not
        (new.search -> '$."urn:ietf:params:scim:schemas:extension:coaching:custom:2.0:User"') begin
    delete from member_attribute where tenant_id = new.tenant_id and member_id = new.id;
    insert into member_attribute
        select new.tenant_id, key, case type when 'true' then 'true' when 'false' then 'false'
            else cast(value as text) end, new.id
        from json_each(new.search, '$."urn:ietf:params:scim:schemas:extension:coaching:custom:2.0:User"');
end;

-- An end that a length of access made, and that was kept when the track changed.
alter table assignment add column kept_end integer;

insert into sqlite_stat1 (tbl, idx, stat) values
    ('member_attribute', 'member_attribute', '300000 300000 60000 30 1'),
    ('member_attribute', 'member_attribute_of', '300000 300000 3');
analyze sqlite_schema;
