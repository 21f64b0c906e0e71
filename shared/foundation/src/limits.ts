/** Every bound of Meshwork, in one place, each with its reason. Sizes in bytes, times in ms. */
export const limits = {
  /** A message on a framed stream. Larger data goes by content address on a stream of its own. */
  frameBytes: 1 << 20,
  /** A task's program. QuickJS itself is 0.5 MB; 8 MB compile in well under a second. */
  programBytes: 8 << 20,
  /** One object, in memory as a whole when it moves: a program, an output, a state. Larger inputs are files. */
  inputBytes: 64 << 20,
  /** A job's reduction reads what its parts have written, and something of its own. */
  inputsPerTask: 72,
  /** How far a run is, is written down so often: a crash costs no more; and how large that may be. */
  checkpointMs: 2_000,
  checkpointBytes: 36 << 20,
  /** Parts of a job: one task reads what all of them have written, in memory. */
  jobParts: 64,
  /** Orders of one part, if those before it came to nothing; and of a whole job with its reduction. */
  jobAttempts: 4,
  jobOrders: 65 * 4,
  /** Orders of a job that are open at a time: enough to keep a network busy, few enough to leave it to others. */
  jobOrdersAtOnce: 8,
  /** What the parts of a job read, all together: it lies on the gateway's disk until the job is done. */
  jobBytes: 1 << 30,
  /** What they write, if it is to be reduced: one sandbox holds it in memory. */
  jobOutputBytes: 64 << 20,
  /** Jobs of a gateway that are not done, and of one requester. */
  jobs: 64,
  jobsPerRequester: 4,
  /** For so long after its mandate's end a job can be asked about, and its receipt had; but only so many of one requester. */
  jobsKeptPerRequester: 64,
  jobKeptMs: 24 * 3_600_000,
  /** Of each part a receipt without its hand-overs, which they have in common. */
  jobReceiptBytes: 16 << 20,
  /** A file's chunk: what is sealed, moved, checked and held in memory at a time. IPFS cuts there, too. */
  fileChunkBytes: 1 << 20,
  /** An input that is a file: a program finds its way in it by offsets of 32 bits. */
  fileBytes: 2 ** 32 - 1,
  /** Files that a gateway keeps for requesters; one that nobody uses or orders is forgotten after a day. */
  files: 4_096,
  fileKeptMs: 24 * 3_600_000,
  /** An order gives each stage the time for its data on a line of so much. */
  fileBytesPerSecond: 4 << 20,
  /** Chunks of a file on their way at a time: each a stream and a MiB of memory. */
  fileTransfers: 4,
  /** What a task may write: more belongs to several tasks. */
  outputBytes: 16 << 20,
  /** What one run may be told by the world, all together, and how often it may ask. */
  transcriptBytes: 8 << 20,
  exchangesPerTask: 64,
  /** Characters of JSON; an answer of a MiB in base64 is the largest. */
  requestCharacters: 256 << 10,
  answerCharacters: 3 << 19,
  /** One answer of a web page or a model: how long it may take, and be, and how often it may lead elsewhere. */
  outsideTimeoutMs: 20_000,
  outsideBodyBytes: 1 << 20,
  outsideRedirects: 3,
  /** Texts and JSON that a comparator looks into: what is longer or deeper is like nothing but itself. */
  comparedTextBytes: 4 << 20,
  comparedJsonDepth: 256,
  /** What sealing adds: a nonce and a tag. */
  sealOverheadBytes: 28,
  /** The explicit state between two steps; it is hashed at every step. */
  stateBytes: 16 << 20,
  /** A trace's root is hashed in one go, a verifier's for each replica: 0.2 s for so many leaves. */
  stepsPerTask: 8_192,
  /** States between steps that a worker keeps for verifiers, one task. Later ones are computed again. */
  keptStateBytes: 256 << 20,
  memoryPages: 1024,
  /** 2^50 fuel is about two weeks of one core; the order's own limit is far below. */
  fuel: 1n << 50n,
  transactionBytes: 128 << 10,
  /** A block must cross a home uplink within a view's timeout. */
  blockBytes: 1 << 20,
  transactionsPerBlock: 1_000,
  /** Pending transactions in memory, all senders and one sender. */
  mempoolTransactions: 20_000,
  mempoolPerSender: 256,
  /** Orders whose letters a node keeps, and letters of one sender about one order. */
  orderBoxes: 4_096,
  lettersPerSender: 64,
  letterBytesPerSender: 256 << 10,
  letterBytes: 64 << 20,
  /** Letters of who has no part in the order, as far as this node knows yet: of anybody, so few. */
  earlyLetters: 512,
  earlyLettersPerSender: 16,
  earlyLetterBytes: 32 << 10,
  committeeSeats: 100,
  /** Fewer could not bear one that is faulty. */
  committeeSeatsMin: 4,
  /** Hourly epochs of a year, of 31 seats each, are 25 MB: shown to who knows the first committee alone. */
  handOvers: 10_000,
  /** A committee of 100, a header, and a certificate of 67 seats. */
  handOverBytes: 40 << 10,
  handOverChainBytes: 64 << 20,
  /** A receipt brings some epochs along, two weeks of a small network; the rest of the chain lies apart. */
  receiptHandOvers: 384,
  receiptBytes: 1 << 20,
  /** Nullifications that a proposal carries; those below come by repair. */
  carriedNullifications: 64,
  /** They and a notarization, each signed by 67 seats of 100: 4.6 KB. A test adds them up. */
  justificationBytes: 320 << 10,
  replicas: 7,
  verifiers: 31,
  /** A nonce is remembered until its transaction's `notAfter`, so that must be near. */
  transactionLifetimeMs: 3_600_000,
  /** What is known of a voucher, used or taken back, is remembered until its `notAfter`: a year at most. */
  voucherLifetimeMs: 366 * 24 * 3_600_000,
  /** Clock skew tolerated between honest machines (consensus rule 4). */
  clockSkewMs: 2_000,
  /** The log of votes is rewritten beyond it: a few blocks of the largest size. */
  voteLogBytes: 8 << 20,
  /** A frame of sync: one largest block with its certificate, or several small ones. */
  syncFrameBytes: 2 << 20,
  syncBatchBlocks: 64,
  /** Hand-overs in one answer; of 100 seats each they fill a frame. */
  syncHandOvers: 48,
  /** A node that is further behind asks several peers for ranges of blocks. */
  syncParallelBlocks: 128,
  /** Ranges that one peer is asked for at a time, and how far ahead of the head: what waits is in memory. */
  syncRangesAsked: 2,
  syncAheadBlocks: 512,
  /** Channels over which a node pushes blocks; each costs a block's bandwidth. */
  syncFollowers: 512,
  syncFollowersPerPeer: 2,
  /** Peers that a node hears of new blocks from; it takes the blocks from one. */
  syncSources: 3,
  /** Heard of a block, and the peer that should bring it did not: another is asked. */
  syncStallMs: 1_500,
  /** A source of blocks that went away, or stalled, is not asked again before. */
  syncRetryMs: 5_000,
  /** A peer that served garbage is not asked again for so long. */
  syncBanMs: 600_000,
  /** A proposal: a largest block with the certificates that justify it. */
  consensusFrameBytes: 2 << 20,
  /** Channels on which transactions are taken in, from committee members and others. */
  consensusChannels: 1_024,
  consensusChannelsPerPeer: 2,
  /** Heights back from the head at which a seat that signs twice is still found out. */
  rememberedVoteHeights: 8,
  /** Transactions that are not read anew when the same bytes come again: four full blocks of them, in some 4 KB each. */
  rememberedValues: 4_096,
  rememberedValueBytes: 1_024,
  /** Signatures known to be good: about 300 bytes each. */
  rememberedSignatures: 50_000,
  /** A transaction from elsewhere that is not executable yet is kept so long: its sender may be a block ahead. */
  mempoolWaitMs: 5_000,
  /** So much waiting is worth one step of priority: in the end all that waits is equal. */
  mempoolAgeingMs: 10_000,
  /** Transactions of one forwarding peer in the pool: no peer can fill it alone. */
  mempoolPerPeer: 1_000,
  /** The journal of transactions handed in is rewritten beyond it, when half of it is over. */
  mempoolJournalBytes: 4 << 20,
  /** Frames of transactions of one peer that wait to have their signatures checked; and peers counted. */
  intakeFrames: 8,
  intakePeers: 2_048,
  /** Forged transactions of one peer in a minute; beyond, it is not listened to for as long. */
  forgeries: 32,
  forgeryMemoryMs: 60_000,
  /** Transactions that a member is sent again at a time. */
  mempoolShared: 256,
  /** After `notAfter` no honest block can still take a transaction in: clock skew and a view's timeout. */
  expiryGraceMs: 10_000,
  /** Rows that one question to the ledger's indexes gives. */
  storeRange: 1_000,
  /** One record of the ledger's state; its largest, a full committee, has about 20 KB. */
  stateLeafBytes: 65_537,
  /** A snapshot's chunk: large enough for an object store, small enough to be checked in memory. */
  snapshotChunkMinBytes: 4 << 20,
  snapshotChunkMaxBytes: 8 << 20,
  /** A state of 64 GiB: what no node holds in memory need not be exported. */
  snapshotChunks: 16_384,
  /** A state lies in memory; of one this large the chunks alone fill Node's heap, and a liar's fill no more of a disk. */
  snapshotStateBytes: 4 * 2 ** 30,
  /** Its chunks are 2 MiB at most; the hand-overs of a year, of hourly epochs and 31 seats, 25 MB. */
  snapshotManifestBytes: 32 << 20,
  /** Leaves of a snapshot that go to a node's store in one write. */
  restoreBatchLeaves: 10_000,
  /** A blob's chunk: large enough to amortise a frame, small enough to interleave. */
  blobChunkBytes: 256 << 10,
  /** A peer that sends nothing for so long in the middle of a blob is given up. */
  blobSilenceMs: 10_000,
  /** Blobs served and taken at once, each held in memory. */
  blobTransfers: 16,
  blobTransfersPerPeer: 4,
  /** Objects that a folder is to hold: its index takes some 200 bytes of memory for each. */
  folderObjects: 1_000_000,
  /** What one peer may bring in a window: its outputs, not its backups. */
  blobQuotaBytes: 1 << 30,
  blobQuotaWindowMs: 3_600_000,
  /** Peers counted in a window, and liars remembered. */
  blobQuotaPeers: 4_096,
  nodeRecordLifetimeMs: 24 * 3_600_000,
  /** SM2 public keys kept decompressed, a few KB each: every member of a large network fits. */
  importedPublicKeys: 4_096,
  /** A broadcast is soft state: what is larger belongs on a stream. */
  gossipBytes: 64 << 10,
  /** Two peers on two home lines exchange hellos in well under this. */
  helloTimeoutMs: 5_000,
  /** Records of other nodes kept in memory, under a KB each. */
  nodeRecordsKept: 10_000,
  /** Messages that share one signature: a path of eight hashes at most. */
  envelopesPerBatch: 256,
  /** The longest that a message may seek its receiver. */
  messageTtlMs: 24 * 3_600_000,
  /** Messages to one peer that are not acknowledged yet; sending more is refused. */
  outboxMessages: 10_000,
  outboxBytes: 64 << 20,
  /** Messages of one sender and stream that wait for an earlier one. */
  reorderedMessages: 256,
  reorderedBytes: 8 << 20,
  /** How far behind the newest a request of the same sender may be: a bitmap of 1 KB. */
  replayWindow: 8_192,
  /** Senders whose numbering is remembered. */
  sendersKept: 4_096,
  /** Requests of one peer under way here. */
  requestsPerPeer: 1_024,
  requestBytesPerPeer: 32 << 20,
  /** Answers kept for a requester that lost its link before they came. */
  repliesKept: 1_024,
  repliesKeptBytes: 16 << 20,
  /** Pairs of peer and stream to which this node numbers its messages. */
  outboxLanes: 16_384,
  /** Cloud storage is given up when a connection takes longer, or when nothing moves on it for so long. */
  storageConnectMs: 5_000,
  storageSilenceMs: 10_000,
  /** What one operation on it may take, retries included, and on top of that the time for its bytes. */
  storageOperationMs: 60_000,
  storageBytesPerSecond: 128 << 10,
  storageAttempts: 5,
  /** Parts of a large object: S3 takes 10,000 of 5 MiB or more. Those under way are held in memory. */
  storagePartBytes: 8 << 20,
  storagePartsAtOnce: 4,
  /** The store of task data stands between a task and its deadline: peers may be faster. */
  taskDataSilenceMs: 3_000,
  taskDataOperationMs: 10_000,
  taskDataAttempts: 2,
  /** When it has not answered by then, peers are asked beside it. */
  taskDataPatienceMs: 1_000,
  /** When it failed it is left alone, and objects wait to be uploaded, for so long, doubling. */
  taskDataRestMs: 1_000,
  taskDataLongestRestMs: 60_000,
  /** Objects on their way to it or from it, each held in memory, and those who wait in line. */
  taskDataTransfers: 8,
  taskDataWaiting: 256,
  taskDataUploadsPending: 10_000,
  /** A result that was announced and could not be fetched is tried again. */
  deliveryRetryMs: 15_000,
  /** What a worker may bring for one order, in outputs: one, and others after restarts. */
  outputsPerOrder: 3,
  /** A presigned request is used at once by whoever asked for it. */
  presignedMs: 300_000,
} as const;
