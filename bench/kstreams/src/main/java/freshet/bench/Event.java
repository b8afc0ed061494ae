package freshet.bench;

/** What the job needs of an interaction. */
record Event(String user, String item) {}
