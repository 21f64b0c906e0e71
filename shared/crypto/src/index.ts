export { type Domain, digestBytesOf, digestOf } from "./domain.ts";
export { ed25519Verify } from "./ed25519-verify.ts";
export { type KeyFiles, openKeys, openOrMakeKeys } from "./key-folder.ts";
export {
  createKeystore,
  type KeystoreOptions,
  openKeystore,
  type SecretBundle,
} from "./keystore.ts";
export { KeystoreError } from "./keystore-error.ts";
export { didKeyOf, nodeIdOf } from "./node-id.ts";
export { readPassphraseFile } from "./passphrase-file.ts";
export {
  exportPrivatePem,
  exportPublicPem,
  importPrivatePem,
  importPublicPem,
  PemError,
} from "./pem.ts";
export { openBytes, type SealOptions, sealBytes } from "./seal.ts";
export { CHUNK_SEAL_BYTES, type ChunkPlace, openChunk, sealChunk } from "./seal-chunk.ts";
export { sha256Hex } from "./sha256.ts";
export { packChecks, type SignatureCheck, verifyPacked } from "./signature-batch.ts";
export { signatureFromDer, signatureToDer } from "./signature-der.ts";
export {
  generateKeyPair,
  isPublicKey,
  type KeyPair,
  keyPairFromSecret,
  Sm2KeyError,
  secretOf,
  sign,
  verify,
} from "./sm2.ts";
export { SIGNER_ID } from "./sm2-contract.ts";
export { sm3, sm3Hex } from "./sm3.ts";
export {
  deriveSeed,
  deriveTransportSeed,
  type Ed25519KeyPair,
  ed25519KeyPair,
  ed25519Sign,
  type SeedPurpose,
} from "./transport-key.ts";
export { type VrfKeyPair, vrfKeyPair, vrfOutput, vrfProve, vrfVerify } from "./vrf.ts";
export { x25519PublicKey } from "./x25519.ts";
