import { generateKeyPair, generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { promisify } from "node:util";
import { base64urlJson, defined, mapped, PodtrustError } from "../../core/base/index.ts";
import { type Jws } from "../../rules/oidc/index.ts";
import { kubernetesKid, publicJwk, type PublicJwk, verifyJws } from "../../rules/keys/index.ts";
import { forms } from "../errors/index.ts";
import { algorithm as algorithmForm } from "./forms.ts";
import type { SigningAlgorithm, StandInKey, StandInKeys } from "./types.ts";

const generate = promisify(generateKeyPair);

interface GeneratedKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
  readonly jwk: PublicJwk;
}

function held(privateKey: KeyObject, algorithm: SigningAlgorithm): GeneratedKey {
  return { kid: kubernetesKid(privateKey), algorithm, privateKey, jwk: publicJwk(privateKey) };
}

async function newKey(algorithm: SigningAlgorithm): Promise<GeneratedKey> {
  const pair =
    algorithm === "RS256"
      ? await generate("rsa", { modulusLength: 2048 })
      : await generate("ec", { namedCurve: "P-256" });
  return held(pair.privateKey, algorithm);
}

function signed(header: object, claims: object, key: GeneratedKey): string {
  const input = `${base64urlJson(header)}.${base64urlJson(claims)}`;
  const signature = sign("sha256", Buffer.from(input), { key: key.privateKey, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

/** The signing keys of a stand-in cluster: one signs, all verify. */
export class SigningKeys implements StandInKeys {
  #keys: readonly GeneratedKey[];
  #signing: GeneratedKey;
  #foreign: GeneratedKey | undefined;

  private constructor(first: GeneratedKey) {
    this.#keys = [first];
    this.#signing = first;
  }

  static async start(algorithm: SigningAlgorithm): Promise<SigningKeys> {
    return new SigningKeys(await newKey(algorithm));
  }

  list(): readonly StandInKey[] {
    return this.#keys.map((key) => this.#shown(key));
  }

  async create(algorithm: SigningAlgorithm = this.#signing.algorithm): Promise<StandInKey> {
    algorithmForm(algorithm, "create: the algorithm");
    const key = await newKey(algorithm);
    this.#keys = [...this.#keys, key];
    return this.#shown(key);
  }

  promote(kid: string): void {
    this.#signing = this.#find(kid);
  }

  drop(kid: string): void {
    const key = this.#find(kid);
    if (key === this.#signing)
      throw new PodtrustError("usage", `${kid} is the signing key: promote another one first`);
    this.#keys = this.#keys.filter((other) => other !== key);
  }

  /** The published keys, oldest first. */
  published(): readonly PublicJwk[] {
    return this.#keys.map((key) => key.jwk);
  }

  /** A token signed by the signing key, or by the published one with this kid. */
  sign(claims: object, header: object = {}, kid: string = this.#signing.kid): string {
    const key = this.#find(kid);
    return signed({ alg: key.algorithm, kid: key.kid, ...header }, claims, key);
  }

  /** A token that claims to be signed by the signing key and is signed by an unknown key. */
  signForeign(claims: object, header: object): string {
    this.#foreign ??= this.#newForeign();
    return signed({ alg: this.#foreign.algorithm, kid: this.#signing.kid, ...header }, claims, this.#foreign);
  }

  /** Whether one of the published keys made the signature. */
  verifies(jws: Jws): boolean {
    return this.#keys.some((key) => key.kid === jws.kid && verifyJws(jws, key.jwk));
  }

  #newForeign(): GeneratedKey {
    const { algorithm } = this.#signing;
    const pair =
      algorithm === "RS256"
        ? generateKeyPairSync("rsa", { modulusLength: 2048 })
        : generateKeyPairSync("ec", { namedCurve: "P-256" });
    return held(pair.privateKey, algorithm);
  }

  #find(kid: string): GeneratedKey {
    forms.anyText(kid, "the kid");
    const key = this.#keys.find((other) => other.kid === kid);
    if (key === undefined) throw new PodtrustError("usage", `the stand-in cluster has no key ${kid}`);
    return key;
  }

  #shown(key: GeneratedKey): StandInKey {
    const state = key === this.#signing ? "signing" : "published";
    return { kid: key.kid, algorithm: key.algorithm, state };
  }
}

/** The claims of a ServiceAccount's token as Kubernetes writes them (k8s.io/kubernetes pkg/serviceaccount). */
export interface TokenSubject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The claims of a token, without `sub` if no subject is given; times in seconds since the epoch. */
export function tokenClaims(
  issuer: string,
  subject: TokenSubject | undefined,
  audiences: readonly string[],
  times: { readonly issuedAt: number; readonly expiresAt: number },
): Record<string, unknown> {
  return {
    aud: audiences,
    exp: times.expiresAt,
    iat: times.issuedAt,
    iss: issuer,
    jti: randomUUID(),
    ...defined({
      "kubernetes.io": mapped(subject, (account) => ({
        namespace: account.namespace,
        serviceaccount: { name: account.name, uid: account.uid },
      })),
    }),
    nbf: times.issuedAt,
    ...defined({
      sub: mapped(subject, (account) => `system:serviceaccount:${account.namespace}:${account.name}`),
    }),
  };
}
