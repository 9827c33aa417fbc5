/** What a getter found: a header field that is well formed, none at all, or one that breaks the grammar where it matters to us. */
export type Presence = 'present' | 'absent' | 'malformed';
