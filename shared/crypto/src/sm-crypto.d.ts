/** sm-crypto has no types of its own. Tests use it as an oracle: another hand wrote its SM2. */
declare module "sm-crypto" {
  interface Sm2 {
    doSignature(message: Uint8Array, privateKey: string, options: { hash: true }): string;
    doVerifySignature(
      message: Uint8Array,
      signature: string,
      publicKey: string,
      options: { hash: true },
    ): boolean;
    getPublicKeyFromPrivateKey(privateKey: string): string;
  }
  const smCrypto: { sm2: Sm2; sm3(message: Uint8Array): string };
  export default smCrypto;
}
