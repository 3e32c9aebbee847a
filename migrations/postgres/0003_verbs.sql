-- What an operator does to one person.

-- A pause is of a stretch of access: the seat is kept, and access is that of an archive.
alter table assignment add column paused_since timestamptz
    check (paused_since is null or state in ('assigned', 'grace'));
alter table assignment add column paused_until timestamptz
    check (paused_until is null or paused_since < paused_until);
alter table assignment add column paused_by text
    check (paused_by in ('admin', 'leave') and paused_since is not null or paused_by is null and paused_since is null);
alter table assignment add column pause_note text;

-- What an operator has pinned, first in the precedence of placement: a JSON list, none where there
-- is nothing; and when the first of them runs out.
alter table member add column pins jsonb;
alter table member add column pins_due_at timestamptz check (pins_due_at is null or pins is not null);
create index member_pins_due on member (pins_due_at) where pins_due_at is not null;
-- An operator has set the identity otherwise than the identity provider last wrote it.
alter table member add column identity_drift jsonb;

-- Somebody new has the e-mail address of somebody who left: perhaps the same person.
create table rehire_review (
    tenant_id  bigint not null,
    id         uuid not null,
    member_id  uuid not null,
    former_id  uuid not null,
    state      text not null default 'open' check (state in ('open', 'merged', 'dismissed')),
    created_at timestamptz not null,
    decided_at timestamptz,
    decided_by text,
    primary key (tenant_id, id),
    unique (tenant_id, member_id, former_id),
    check (member_id <> former_id),
    check ((state = 'open') = (decided_at is null)),
    check ((decided_at is null) = (decided_by is null)),
    foreign key (tenant_id, member_id) references member (tenant_id, id) on delete cascade,
    foreign key (tenant_id, former_id) references member (tenant_id, id) on delete cascade
);
create index rehire_review_in on rehire_review (tenant_id, state, created_at, id);
create index rehire_review_of_former on rehire_review (tenant_id, former_id);

-- Noted where the address is stored, so that a create is no statement longer for it.
create function member_email_meets_former() returns trigger language plpgsql as $$
begin
    insert into rehire_review (tenant_id, id, member_id, former_id, created_at)
        select new.tenant_id, gen_random_uuid(), new.member_id, f.id, m.created_at
        from member_email e join member f on f.tenant_id = e.tenant_id and f.id = e.member_id
        join member m on m.tenant_id = new.tenant_id and m.id = new.member_id
        where e.tenant_id = new.tenant_id and e.email_key = new.email_key
            and e.member_id <> new.member_id and f.identity_state in ('deleted', 'inactive')
            and m.identity_state = 'active' and m.version = 1
        on conflict do nothing;
    return null;
end $$;
create trigger member_email_was_anothers after insert on member_email for each row
    execute function member_email_meets_former();
