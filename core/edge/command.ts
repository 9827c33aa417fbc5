/** What an edge is told. */
export type EdgeCommand =
  /** Forget the state of all dialogs, as a restart would. */
  | { readonly name: 'lose-memory' }
  /** Replaces the list of clients. Entries are as in `Clients`; whoever gives the command has checked them. */
  | { readonly name: 'clients'; readonly clients: readonly string[] };
