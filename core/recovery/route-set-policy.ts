/**
 * `ms-sipre` rewrites route sets on our own heals and on refreshes of a peer that negotiated it; `rfc3261` never does, and
 * heals by the route set that the dialog was set up with.
 */
export type RouteSetPolicy = 'ms-sipre' | 'rfc3261';
