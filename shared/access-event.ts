/** What happens at the door of a server. It never holds a secret: `subject` is the id of an invite or a key. */
export interface AccessEvent {
  readonly kind: 'access';
  readonly what:
    | 'link-opened'
    | 'link-closed'
    | 'admitted'
    | 'refused'
    /** Refused so often that the address is refused for a while. */
    | 'struck-out'
    | 'ticket-issued'
    | 'key-enrolled'
    /** Somebody was given the merged model of a run that is over. */
    | 'model-taken'
    /** A link was cut because its holder was revoked. */
    | 'cut';
  /** Where it came from. */
  readonly address: string;
  readonly subject: string | null;
  readonly role: string | null;
  readonly code: string | null;
  readonly reason: string | null;
}
