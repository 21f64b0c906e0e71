/** The door of this package in a browser: what can be checked with public keys alone. */
export { type Domain, digestBytesOf, digestOf } from "./domain.ts";
export { ed25519Verify } from "./ed25519-verify.ts";
export { didKeyOf, nodeIdOf } from "./node-id.ts";
export { sha256Hex } from "./sha256-portable.ts";
export { SIGNER_ID } from "./sm2-contract.ts";
export { isPublicKey, sign, verify } from "./sm2-portable.ts";
export { sm3, sm3Hex } from "./sm3-portable.ts";
export { type VrfKeyPair, vrfKeyPair, vrfOutput, vrfProve, vrfVerify } from "./vrf.ts";
