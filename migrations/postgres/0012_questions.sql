-- A nudge that asks whether somebody keeps their seat, and what they answered.
create table nudge_question (
    tenant_id     bigint not null,
    nudge_id      uuid not null,
    assignment_id uuid not null,
    sent_at       timestamptz not null,
    expires_at    timestamptz not null,
    answer        text check (answer in ('kept', 'released')),
    answered_at   timestamptz,
    primary key (tenant_id, nudge_id),
    check (sent_at < expires_at),
    check ((answer is null) = (answered_at is null)),
    foreign key (tenant_id, nudge_id) references nudge (tenant_id, id) on delete cascade,
    foreign key (tenant_id, assignment_id) references assignment (tenant_id, id)
);
create index nudge_question_of on nudge_question (tenant_id, assignment_id, sent_at);
create index nudge_question_kept on nudge_question (tenant_id, answered_at) where answer = 'kept';
