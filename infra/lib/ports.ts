/** What listens where, in every container and its security group. */
export const ports = {
  /** libp2p over TCP, and over WebSocket for who can only do that. */
  p2p: 4_001,
  webSocket: 4_002,
  /** Plain HTTP of the API: for a proxy or balancer of ours, never for the world. */
  api: 8_080,
  http: 80,
  https: 443,
  /** Health and metrics, on loopback. */
  probe: 9_464,
} as const;

export const probeUrl = `http://127.0.0.1:${ports.probe}/healthz`;
