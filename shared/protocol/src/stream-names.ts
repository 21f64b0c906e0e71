/** Every libp2p protocol of ours, in one list. All but `hello` open only after a verified hello. */
export const streamNames = {
  hello: "/meshwork/hello/1",
  /** Signed envelopes: send, request, reply. */
  messages: "/meshwork/messages/1",
  /** Frames among committee members and their followers. */
  consensus: "/meshwork/consensus/1",
  /** Blocks with certificates, by height. */
  sync: "/meshwork/sync/1",
  /** Content by address, in chunks. */
  blobs: "/meshwork/blobs/1",
  /** Manifests and chunks of snapshots, for those who join: as blobs, and apart from task data. */
  snapshots: "/meshwork/snapshots/1",
  /** The Kademlia DHT of this network alone. */
  dht: "/meshwork/kad/1",
} as const;

/** Streams of envelopes by which nodes ask each other for small things. */
export const requestNames = {
  /** The network's genesis, as bytes; a stranger checks its hash against his invite. */
  genesis: "genesis",
  /** The newest snapshot that a node keeps for those who join. */
  snapshot: "snapshot",
  /** An account, or that there is none, with its proof: `StateClaim`. Whoever asks believes the proof alone. */
  account: "account",
  /** Where a node stands, by the relay that it asks: `SignedNearness`. */
  nearness: "nearness",
  /** The same bytes back: by the time that it takes, a relay knows. */
  probe: "probe",
} as const;
