drop table dead_letters;
drop table timers;
drop table events_outbox;
drop table transitions;
drop table nodes;
drop table actors;
