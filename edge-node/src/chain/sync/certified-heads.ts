import { type HandOver, headerHash, type ProvenHeader } from "@meshwork/protocol";
import { type Anchor, followHandOver, verifyCertificate } from "@meshwork/verify";
import { ChainError } from "../chain-error.ts";
import type { Chain } from "../store/chain.ts";
import { voteKeysAt } from "../store/chain-head.ts";

type KnownChain = Pick<Chain, "chainId" | "head" | "checks">;

/**
 * What peers claim to have counts only when a quorum has signed it: else one liar's height of 2^48 would
 * keep a node waiting for ever. A node that is epochs behind learns of the later committees as a light
 * client does, from one hand-over to the next.
 */
export class CertifiedHeads {
  readonly #chain: KnownChain;
  /** Of epochs that the chain has not reached; oldest first. */
  #ahead: Anchor[] = [];

  constructor(chain: KnownChain) {
    this.#chain = chain;
  }

  /** The last epoch of which the committee is known. */
  get knownEpoch(): number {
    return this.#ahead.at(-1)?.epoch ?? this.#ownEpoch;
  }

  /** False: its epoch is not known yet, so hand-overs are needed. @throws ChainError `CERTIFICATE_INVALID` */
  holds(claim: ProvenHeader): boolean {
    const { epoch, height } = claim.header;
    if (epoch > this.knownEpoch) return false;
    if (this.#isProvedByOwn(claim)) return true;
    const anchor = this.#ahead.find((one) => one.epoch === epoch);
    if (anchor && verifyCertificate(anchor, claim) === null) return true;
    throw invalid(`the claim of height ${height} in epoch ${epoch} is not proved`);
  }

  /** Takes what follows on the epochs that are known. @throws ChainError `CERTIFICATE_INVALID` */
  learn(handOvers: readonly HandOver[]): void {
    this.#ahead = this.#ahead.filter(({ epoch }) => epoch > this.#ownEpoch);
    for (const handOver of handOvers) {
      const { epoch } = handOver.header;
      if (epoch !== this.knownEpoch) continue;
      const next = followHandOver(this.#knownAnchor(), handOver);
      if ("code" in next) throw invalid(`the end of epoch ${epoch} is not proved: ${next.reason}`);
      this.#ahead.push(next);
    }
  }

  get #ownEpoch(): number {
    const { committee, nextCommittee } = this.#chain.head.state;
    return (nextCommittee ?? committee).epoch;
  }

  #knownAnchor(): Anchor {
    const { chainId, head } = this.#chain;
    const epoch = this.#ownEpoch;
    const voteKeys = voteKeysAt(head, epoch) ?? [];
    return this.#ahead.at(-1) ?? { chainId, epoch, voteKeys, time: head.header.time };
  }

  /** With checks that remember: the block itself comes under the same signatures. */
  #isProvedByOwn({ header, certificate }: ProvenHeader): boolean {
    const { chainId, head, checks } = this.#chain;
    const { kind, epoch, height, blockHash } = certificate.ballot;
    const keys = voteKeysAt(head, header.epoch);
    return (
      keys !== null &&
      header.chainId === chainId &&
      kind === "F" &&
      epoch === header.epoch &&
      height === header.height &&
      blockHash === headerHash(header) &&
      checks.verifyCertificate(chainId, keys, certificate)
    );
  }
}

const invalid = (why: string) => new ChainError("CERTIFICATE_INVALID", why);
