import { randomBytes } from "node:crypto";
import {
  defined,
  epochSeconds,
  type JsonRecord,
  mapped,
  recordOf,
  recordsOf,
  textOf,
} from "../../../src/core/base/index.ts";
import { climb, type Finding, isGranted, turning } from "../measures.ts";
import type { VendorAnswer } from "../recording.ts";
import { documentsOf, subject } from "../tokens.ts";
import {
  checkAccess,
  type DocumentHost,
  endOfJwt,
  jsonOf,
  LeftOut,
  Made,
  type Recorder,
  type RecorderWorld,
  type Sent,
} from "../vendor.ts";
import { answerOf } from "./answer.ts";
import {
  assertionParameters,
  audience,
  type AzureCase,
  azureCase,
  azureCases,
  credentialsOf,
} from "./cases.ts";
import { ApplicationCredentials, type LentApplication } from "./graph.ts";

/** What marks an identity of the recorder's: a tag. */
const mark = "podtrust-record";
const arm = "https://management.azure.com";
const version = "api-version=2024-11-30";
/** Milliseconds between two writes of one identity's credentials: Azure lets one through in four seconds. */
const writePause = 4500;
/** Entra's numbers for an assertion that meets no federated credential. */
const notFound: readonly number[] = [70_021, 700_211, 700_212, 700_213];
/** Of an identity. */
const nameForm = /^[a-z0-9][a-z0-9_-]{2,127}$/iu;

export interface AzureAccount {
  readonly tenant: string;
  readonly subscription: string;
  /** One that is there; nothing in it is touched that has not the recorder's tag. */
  readonly resourceGroup: string;
  /** A region of Azure. */
  readonly location: string;
  /** An access token for ARM of somebody who may make identities there. */
  readonly token: string;
  readonly place: DocumentHost;
  /** For what Graph says of too many credentials; absent: that question is left out. */
  readonly lent?: LentApplication;
}

/** Asks Entra and ARM, with an identity of its own. */
export class AzureRecorder implements Recorder {
  readonly cases = azureCases;
  /** The first token, the second credential, the new key. */
  readonly waits = 3;
  readonly #world: RecorderWorld;
  readonly #account: AzureAccount;
  readonly #made = new Made();
  readonly #application: ApplicationCredentials | undefined;
  readonly #name = `podtrust-record-${randomBytes(3).toString("hex")}`;
  #clientId = "";
  #credentials = 0;
  #firstGrant: Finding | undefined;

  constructor(account: AzureAccount, world: RecorderWorld) {
    this.#account = account;
    this.#world = world;
    const { tenant, subscription, resourceGroup, token, place, lent } = account;
    this.#application = lent === undefined ? undefined : new ApplicationCredentials(lent, world);
    world.used.add(tenant, subscription, resourceGroup, token, this.#name);
    world.used.add(place.url, new URL(place.url).host);
  }

  get #identities(): string {
    const { subscription, resourceGroup } = this.#account;
    return `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
  }

  get #identity(): string {
    return `${this.#identities}/${this.#name}`;
  }

  async #send(
    method: string,
    url: string,
    body?: object,
  ): Promise<{ readonly answer: VendorAnswer; readonly json: JsonRecord }> {
    const sent: Sent = {
      method,
      headers: { authorization: `Bearer ${this.#account.token}`, "content-type": "application/json" },
      ...defined({ body: mapped(body, JSON.stringify) }),
    };
    const { status, text } = await this.#world.send(url, sent);
    checkAccess({ status });
    return { answer: answerOf(status, text), json: jsonOf(text) };
  }

  /** One request of ARM. Throws with its own words where it is refused. */
  async #arm(method: string, path: string, body?: object): Promise<JsonRecord> {
    const { answer, json } = await this.#send(method, `${arm}${path}?${version}`, body);
    if (isGranted(answer)) return json;
    throw new Error(`${method} ${path}: ${answer.status} ${answer.text ?? ""}`);
  }

  accessEnds(): Promise<number | undefined> {
    const { token, lent } = this.#account;
    const ends = [token, ...(lent === undefined ? [] : [lent.token])].flatMap((one) => endOfJwt(one) ?? []);
    return Promise.resolve(ends.length === 0 ? undefined : Math.min(...ends));
  }

  async sweep(): Promise<readonly string[]> {
    const found: string[] = [];
    let next = `${arm}${this.#identities}?${version}`;
    while (next !== "") {
      const { answer, json } = await this.#send("GET", next);
      if (!isGranted(answer))
        throw new Error(`GET ${this.#identities}: ${answer.status} ${answer.text ?? ""}`);
      for (const { name, tags } of recordsOf(json["value"]))
        if (recordOf(tags)[mark] !== undefined && nameForm.test(textOf(name) ?? ""))
          found.push(textOf(name) ?? "");
      const link = textOf(json["nextLink"]) ?? "";
      // The token goes with it: to ARM, and to nobody else.
      next = link.startsWith(`${arm}/`) ? link : "";
    }
    for (const name of found) await this.#arm("DELETE", `${this.#identities}/${name}`);
    const ofApplication = (await this.#application?.sweep()) ?? [];
    return [...found.map((name) => `the identity ${name}`), ...ofApplication];
  }

  async #credential(name: string, issuer: string, of = subject): Promise<VendorAnswer> {
    const properties = { issuer, subject: of, audiences: [audience] };
    const url = `${arm}${this.#identity}/federatedIdentityCredentials/${name}?${version}`;
    const { answer } = await this.#send("PUT", url, { properties });
    if (isGranted(answer)) this.#credentials += 1;
    await this.#world.clock.sleep(writePause, this.#world.signal);
    return answer;
  }

  async open(): Promise<void> {
    const { location, place } = this.#account;
    await place.publish(documentsOf(place.url, [this.#world.signers.own]));
    this.#made.add(this.#identity, async () => void (await this.#arm("DELETE", this.#identity)));
    const made = await this.#arm("PUT", this.#identity, { location, tags: { [mark]: "may be deleted" } });
    const { clientId, principalId } = recordOf(made["properties"]);
    this.#clientId = this.#world.used.add(textOf(clientId) ?? "", textOf(principalId) ?? "");
    for (const { name, issuer } of credentialsOf(place.url)) {
      const answer = await this.#credential(name, issuer);
      if (!isGranted(answer))
        throw new Error(`the federated credential ${name}: ${answer.text ?? answer.status}`);
    }
    this.#firstGrant = await this.#turns("the first token", {});
    if (this.#firstGrant.granted === undefined)
      throw new Error(`Entra grants no token at all: ${this.#firstGrant.answer?.text ?? ""}`);
    // The second credential spreads by itself: until then its cases would say that there is none.
    await this.#waited("the second credential", async () => {
      const { number, ...answer } = await this.#assert(azureCase("an issuer that serves nothing"));
      return number !== undefined && notFound.includes(number) ? answer : { status: 200 };
    });
  }

  #turns(what: string, asked: Pick<AzureCase, "token">): Promise<Finding> {
    return this.#waited(what, () => this.#assert(asked));
  }

  #waited(what: string, ask: () => Promise<VendorAnswer>): Promise<Finding> {
    const { clock, signal, say, maxWaitMs } = this.#world;
    return turning("granted", ask, { clock, signal, say, what, withinMs: maxWaitMs });
  }

  async #assert(asked: Pick<AzureCase, "parameters" | "tenant" | "token">): Promise<VendorAnswer> {
    const { clock, signers, send, used } = this.#world;
    const world = { now: epochSeconds(clock), issuer: this.#account.place.url, audience, signers };
    const form = assertionParameters(asked, this.#clientId, world);
    used.add(form["client_assertion"] ?? "");
    const { status, text } = await send(
      `https://login.microsoftonline.com/${asked.tenant ?? this.#account.tenant}/oauth2/v2.0/token`,
      {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(form).toString(),
      },
    );
    used.add(textOf(jsonOf(text)["access_token"]) ?? "");
    return answerOf(status, text);
  }

  ask(name: string): Promise<VendorAnswer> {
    return this.#assert(azureCase(name));
  }

  async #newKey(): Promise<Finding> {
    const { place } = this.#account;
    const { own, next } = this.#world.signers;
    await place.publish(documentsOf(place.url, [own, next]));
    return this.#turns("the key that is served since now", { token: () => ({ signer: "next" }) });
  }

  async #twentyFirst(): Promise<Finding> {
    const { place } = this.#account;
    // Azure documents 20: what lets 25 through is not counted any further.
    for (let count = this.#credentials + 1; count <= 25; count += 1) {
      const answer = await this.#credential(`more-${count}`, place.url, `${subject}-${count}`);
      if (!isGranted(answer)) return { unit: "credentials", granted: count - 1, refused: count, answer };
    }
    return { unit: "credentials", granted: this.#credentials };
  }

  async measure(question: string): Promise<Finding> {
    const ladder = this.cases.ladders[question];
    if (ladder !== undefined) return climb(ladder, (token) => this.#assert({ token }));
    const ways: Readonly<Record<string, () => Promise<Finding>>> = {
      "new issuer": () => Promise.resolve(this.#firstGrant ?? { unit: "seconds" }),
      "new key": () => this.#newKey(),
      "federated credentials of an identity": () => this.#twentyFirst(),
      "federated credentials of an application": () => {
        if (this.#application === undefined) throw new LeftOut("it needs --application");
        return this.#application.fill(this.#account.place.url, this.#made);
      },
    };
    const way = ways[question];
    if (way === undefined) throw new TypeError(`no question ${question} of Azure`);
    return way();
  }

  close(): Promise<readonly string[]> {
    return this.#made.remove();
  }
}
