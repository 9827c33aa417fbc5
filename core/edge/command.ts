/** What an edge is told. Entries are as in `Clients`; whoever gives the command has checked them. */
export type EdgeCommand =
  /** Forget the state of all dialogs, as a restart would. */
  | { readonly name: 'lose-memory' }
  /** Replaces the list of clients. */
  | { readonly name: 'clients'; readonly clients: readonly string[] }
  /** The flow to a client that tokens name so far is gone, although its address lives. */
  | { readonly name: 'lose-flow'; readonly client: string }
  /** The registration of a client is gone, until it registers again through the edge or is restored. */
  | { readonly name: 'lose-registration'; readonly client: string }
  | { readonly name: 'restore-registration'; readonly client: string };
