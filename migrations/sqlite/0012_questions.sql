-- A nudge that asks whether somebody keeps their seat, and what they answered.
create table nudge_question (
    tenant_id     integer not null,
    nudge_id      blob not null,
    assignment_id blob not null,
    sent_at       integer not null,
    expires_at    integer not null,
    answer        text check (answer in ('kept', 'released')),
    answered_at   integer,
    primary key (tenant_id, nudge_id),
    check (sent_at < expires_at),
    check ((answer is null) = (answered_at is null)),
    foreign key (tenant_id, nudge_id) references nudge (tenant_id, id) on delete cascade,
    foreign key (tenant_id, assignment_id) references assignment (tenant_id, id)
) strict, without rowid;
create index nudge_question_of on nudge_question (tenant_id, assignment_id, sent_at);
create index nudge_question_kept on nudge_question (tenant_id, answered_at) where answer = 'kept';

insert into sqlite_stat1 (tbl, idx, stat) values
    ('nudge_question', 'nudge_question', '10000 10000 1'),
    ('nudge_question', 'nudge_question_of', '10000 10000 2 1'),
    ('nudge_question', 'nudge_question_kept', '2000 2000 1');
analyze sqlite_schema;
