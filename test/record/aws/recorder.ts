import { randomBytes } from "node:crypto";
import {
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteRoleCommand,
  type IAMClient,
  ListOpenIDConnectProvidersCommand,
  ListOpenIDConnectProviderTagsCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  NoSuchEntityException,
  type Tag,
} from "@aws-sdk/client-iam";
import { epochSeconds } from "../../../src/core/base/index.ts";
import { readArn } from "../../../src/rules/oidc/index.ts";
import { climb, type Finding, turning } from "../measures.ts";
import type { VendorAnswer } from "../recording.ts";
import { documentsOf } from "../tokens.ts";
import { type DocumentHost, Made, type Recorder, type RecorderWorld } from "../vendor.ts";
import { audience, type AwsCase, awsCase, awsCases, callParameters, trustPolicy } from "./cases.ts";

/** What marks a thing of the recorder's: a tag. Its roles are under this path as well. */
const mark = "podtrust-record";
const path = "/podtrust-record/";

export interface AwsAccount {
  /** With credentials that may make a role and an OIDC provider. */
  readonly iam: IAMClient;
  /** Base URL of STS: `https://sts.eu-central-1.amazonaws.com`. */
  readonly sts: string;
  readonly place: DocumentHost;
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

/** The text of an element of STS's answer. */
function element(name: string, xml: string): string | undefined {
  const [, text] = new RegExp(`<${name}>([^<]*)</${name}>`, "u").exec(xml) ?? [];
  return text?.replaceAll(/&(?:#(\d{1,6})|(\w{2,4}));/gu, (whole, code?: string, word?: string) =>
    code === undefined ? (entities[word ?? ""] ?? whole) : String.fromCodePoint(Number(code)),
  );
}

const isMarked = (tags: readonly Tag[] | undefined): boolean =>
  tags?.some(({ Key }) => Key === mark) ?? false;

/** What is gone already is as good as removed. */
async function unlessGone(removal: Promise<unknown>): Promise<void> {
  await removal.catch((error: unknown) => {
    if (!(error instanceof NoSuchEntityException)) throw error;
  });
}

/** Asks STS, with an OIDC provider and a role of its own. */
export class AwsRecorder implements Recorder {
  readonly cases = awsCases;
  /** The first session, the new key. */
  readonly waits = 2;
  readonly #world: RecorderWorld;
  readonly #account: AwsAccount;
  readonly #made = new Made();
  #roleArn = "";
  #firstGrant: Finding | undefined;

  constructor(account: AwsAccount, world: RecorderWorld) {
    this.#account = account;
    this.#world = world;
    world.used.add(account.place.url, new URL(account.place.url).host);
  }

  /** The SDK renews what it has to. */
  accessEnds(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async sweep(): Promise<readonly string[]> {
    const { iam } = this.#account;
    const found: string[] = [];
    const { Roles = [] } = await iam.send(new ListRolesCommand({ PathPrefix: path, MaxItems: 1000 }));
    for (const { RoleName } of Roles) {
      const { Tags } = await iam.send(new ListRoleTagsCommand({ RoleName }));
      if (!isMarked(Tags)) continue;
      await unlessGone(iam.send(new DeleteRoleCommand({ RoleName })));
      found.push(`the role ${RoleName ?? ""}`);
    }
    const { OpenIDConnectProviderList = [] } = await iam.send(new ListOpenIDConnectProvidersCommand({}));
    for (const { Arn: OpenIDConnectProviderArn } of OpenIDConnectProviderList) {
      const { Tags } = await iam.send(new ListOpenIDConnectProviderTagsCommand({ OpenIDConnectProviderArn }));
      if (!isMarked(Tags)) continue;
      await unlessGone(iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn })));
      found.push("an OIDC provider");
    }
    return found;
  }

  async open(): Promise<void> {
    const { iam, place } = this.#account;
    const { used, signers } = this.#world;
    await place.publish(documentsOf(place.url, [signers.own]));
    const Tags = [{ Key: mark, Value: "may be deleted" }];
    const { OpenIDConnectProviderArn = "" } = await iam.send(
      new CreateOpenIDConnectProviderCommand({ Url: place.url, ClientIDList: [audience], Tags }),
    );
    used.add(OpenIDConnectProviderArn, readArn(OpenIDConnectProviderArn).account);
    this.#made.add("the OIDC provider", () =>
      unlessGone(iam.send(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }))),
    );
    const RoleName = `podtrust-record-${randomBytes(3).toString("hex")}`;
    this.#made.add(`the role ${RoleName}`, () => unlessGone(iam.send(new DeleteRoleCommand({ RoleName }))));
    const policy = trustPolicy(OpenIDConnectProviderArn, place.url.replace(/^https:\/\//u, ""));
    const { Role } = await iam.send(
      new CreateRoleCommand({ RoleName, Path: path, AssumeRolePolicyDocument: policy, Tags }),
    );
    this.#roleArn = used.add(Role?.Arn ?? "", Role?.RoleId ?? "", RoleName);
    this.#firstGrant = await this.#turns("the first session", {});
    if (this.#firstGrant.granted === undefined)
      throw new Error(`STS grants no session at all: ${this.#firstGrant.answer?.text ?? ""}`);
  }

  #turns(what: string, asked: Pick<AwsCase, "token">): Promise<Finding> {
    const { clock, signal, say, maxWaitMs } = this.#world;
    return turning("granted", () => this.#assume(asked), { clock, signal, say, what, withinMs: maxWaitMs });
  }

  async #assume(asked: Pick<AwsCase, "parameters" | "token">): Promise<VendorAnswer> {
    const { clock, signers, send, used } = this.#world;
    const world = { now: epochSeconds(clock), issuer: this.#account.place.url, audience, signers };
    const { PolicyArns = [], ...call } = callParameters(asked, this.#roleArn, world);
    used.add(call.WebIdentityToken ?? "");
    const form = new URLSearchParams({ Action: "AssumeRoleWithWebIdentity", Version: "2011-06-15", ...call });
    for (const [at, arn] of PolicyArns.entries()) form.set(`PolicyArns.member.${at + 1}.arn`, arn);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const { status, text } = await send(`${this.#account.sts}/`, {
      method: "POST",
      headers,
      body: form.toString(),
    });
    for (const name of ["AccessKeyId", "SecretAccessKey", "SessionToken", "AssumedRoleId"])
      used.add(element(name, text) ?? "");
    return { status, code: element("Code", text), text: element("Message", text) };
  }

  ask(name: string): Promise<VendorAnswer> {
    return this.#assume(awsCase(name));
  }

  async #newKey(): Promise<Finding> {
    const { place } = this.#account;
    const { own, next } = this.#world.signers;
    await place.publish(documentsOf(place.url, [own, next]));
    return this.#turns("the key that is served since now", { token: () => ({ signer: "next" }) });
  }

  async measure(question: string): Promise<Finding> {
    const ladder = this.cases.ladders[question];
    if (ladder !== undefined) return climb(ladder, (token) => this.#assume({ token }));
    const ways: Readonly<Record<string, () => Promise<Finding>>> = {
      "new role": () => Promise.resolve(this.#firstGrant ?? { unit: "seconds" }),
      "new key": () => this.#newKey(),
    };
    const way = ways[question];
    if (way === undefined) throw new TypeError(`no question ${question} of AWS`);
    return way();
  }

  close(): Promise<readonly string[]> {
    return this.#made.remove();
  }
}
