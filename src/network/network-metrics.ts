/** Counters of the network floor, as plain fields: whoever exports metrics reads them. */
export class NetworkMetrics {
  connections = 0;
  connectionsAccepted = 0;
  /** Accepted beyond max.connections or max.connections.per.ip, and closed at once. */
  connectionsRefused = 0;
  connectionsIdleClosed = 0;
  /** Closed because of bytes that are no request. */
  connectionsMalformed = 0;
  /** Closed because an unfinished frame did not come on. */
  connectionsStalled = 0;
  acceptFailures = 0;
  requests = 0;
  requestsInFlight = 0;
  unsupportedRequests = 0;
  receivedBytes = 0;
  sentBytes = 0;
  /** Times that a request had to wait for one before it, or for its connection's responses to drain. */
  heldRequests = 0;
  throttles = 0;
}
