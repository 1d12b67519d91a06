import { randomBytes } from "node:crypto";
import {
  defined,
  epochSeconds,
  isRecord,
  type JsonRecord,
  mapped,
  recordsOf,
  textOf,
} from "../../../src/core/base/index.ts";
import { climb, type Finding, isGranted, turning } from "../measures.ts";
import type { VendorAnswer } from "../recording.ts";
import { documentsOf, subject, type TokenChange, type TokenWorld } from "../tokens.ts";
import {
  checkAccess,
  type DocumentHost,
  jsonOf,
  LeftOut,
  Made,
  type Recorder,
  type RecorderWorld,
  type Sent,
} from "../vendor.ts";
import {
  exchangeParameters,
  type GoogleCase,
  googleCase,
  googleCases,
  providerOf,
  type Variant,
  type VariantName,
  variants,
} from "./cases.ts";

/** What marks a thing of the recorder's: its description. */
const mark = "podtrust record: may be deleted";
const iam = "https://iam.googleapis.com/v1";
const workloadUser = "roles/iam.workloadIdentityUser";

export interface GoogleAccount {
  /** The project's id. */
  readonly project: string;
  readonly projectNumber: string;
  /** An access token of somebody who may make pools and service accounts in it. */
  readonly token: string;
  /** Where an issuer can be served, for what is known of fetched keys; absent: those questions are left out. */
  readonly place?: DocumentHost;
}

/** A name that becomes a path. */
function checkedName(name: unknown): string {
  const form = /^projects\/[A-Za-z0-9:.-]+(?:\/[A-Za-z]+\/[a-z0-9@.-]+){1,2}$/u;
  if (typeof name === "string" && form.test(name)) return name;
  throw new Error("Google gave a name of another form");
}

/** What Google's token exchange, or one of its APIs, has answered. */
function answerOf(status: number, text: string): VendorAnswer {
  const { error, error_description: description } = jsonOf(text);
  if (isRecord(error)) return { status, code: textOf(error["status"]), text: textOf(error["message"]) };
  return { status, code: textOf(error), text: textOf(description) };
}

/** Asks Google, in a pool and a service account of its own. */
export class GoogleRecorder implements Recorder {
  readonly cases = googleCases;
  /** Exchange, two members, three keys and the fetching provider; what IAM makes takes seconds. */
  readonly waits = 7;
  readonly #world: RecorderWorld;
  readonly #account: GoogleAccount;
  readonly #made = new Made();
  readonly #name = `podtrust-record-${randomBytes(3).toString("hex")}`;
  /** Those that IAM made. */
  readonly #providers = new Set<string>();
  #isMember = false;
  /** How long the member that was added took to count. */
  #counted: Finding | undefined;

  constructor(account: GoogleAccount, world: RecorderWorld) {
    this.#account = account;
    this.#world = world;
    const { project, projectNumber, token, place } = account;
    world.used.add(project, projectNumber, token, this.#name, this.#email);
    if (place !== undefined) world.used.add(place.url, new URL(place.url).host);
  }

  get #pools(): string {
    return `projects/${this.#account.projectNumber}/locations/global/workloadIdentityPools`;
  }

  get #pool(): string {
    return `${this.#pools}/${this.#name}`;
  }

  get #accounts(): string {
    return `projects/${this.#account.project}/serviceAccounts`;
  }

  get #email(): string {
    return `${this.#name}@${this.#account.project}.iam.gserviceaccount.com`;
  }

  /** One request of IAM. Throws with Google's own words where it is refused; `absent` is a status that is none. */
  async #iam(method: string, path: string, body?: object, absent?: number): Promise<JsonRecord> {
    const sent: Sent = {
      method,
      headers: { authorization: `Bearer ${this.#account.token}`, "content-type": "application/json" },
      ...defined({ body: mapped(body, JSON.stringify) }),
    };
    const { status, text } = await this.#world.send(`${iam}/${path}`, sent);
    checkAccess({ status });
    if (status === 200 || status === absent) return jsonOf(text);
    throw new Error(`${method} ${path}: ${status} ${answerOf(status, text).text ?? ""}`);
  }

  /** Takes a thing away, unless it is gone: Google keeps what was deleted for 30 days, and shows it. */
  async #remove(path: string): Promise<void> {
    const { error, state = "ACTIVE" } = await this.#iam("GET", path, undefined, 404);
    if (error === undefined && state === "ACTIVE") await this.#iam("DELETE", path, undefined, 404);
  }

  /** Things of a kind that carry the recorder's mark. */
  async #marked(path: string, key: string): Promise<readonly string[]> {
    const found: string[] = [];
    let page = "";
    do {
      const answer = await this.#iam("GET", `${path}?pageSize=50${page}`);
      for (const { name, description, state = "ACTIVE" } of recordsOf(answer[key]))
        if (description === mark && state === "ACTIVE") found.push(checkedName(name));
      const next = textOf(answer["nextPageToken"]) ?? "";
      page = next === "" ? "" : `&pageToken=${encodeURIComponent(next)}`;
    } while (page !== "");
    return found;
  }

  /** Google's tokens say nothing themselves (cloud.google.com, "Token types", "Access tokens"). */
  async accessEnds(): Promise<number | undefined> {
    const { clock, send } = this.#world;
    const { status, text } = await send("https://oauth2.googleapis.com/tokeninfo", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ access_token: this.#account.token }).toString(),
    });
    const seconds = Number(jsonOf(text)["expires_in"]);
    return status === 200 && seconds > 0 ? clock.now() + seconds * 1000 : undefined;
  }

  async sweep(): Promise<readonly string[]> {
    const found = [
      ...(await this.#marked(this.#pools, "workloadIdentityPools")),
      ...(await this.#marked(this.#accounts, "accounts")),
    ];
    for (const name of found) await this.#remove(name);
    return found.map((name) => name.split("/").slice(-2).join("/"));
  }

  async open(): Promise<void> {
    const body = { displayName: "podtrust record", description: mark };
    this.#made.add(this.#pool, () => this.#remove(this.#pool));
    await this.#iam("POST", `${this.#pools}?workloadIdentityPoolId=${this.#name}`, body);
    await this.#there(this.#pool);
    for (const name of Object.keys(variants) as VariantName[]) await this.#makeProvider(name, variants[name]);
    const account = `${this.#accounts}/${this.#email}`;
    this.#made.add(account, () => this.#remove(account));
    await this.#iam("POST", this.#accounts, { accountId: this.#name, serviceAccount: body });
    const { answer } = await this.#turns("granted", "the first exchange", () => this.#exchange({}));
    if (answer !== undefined && !isGranted(await this.#exchange({})))
      throw new Error(`Google grants no token at all: ${answer.text ?? answer.status}`);
  }

  async #makeProvider(name: string, variant: Variant, issuer = this.#issuer): Promise<void> {
    const { issuerUri, jwksJson, ...rest } = providerOf(variant, { issuer, signers: this.#world.signers });
    const oidc = { issuerUri, ...defined({ jwksJson }) };
    const body = { ...rest, oidc, disabled: variant.disabled === true };
    const query = `workloadIdentityPoolProviderId=${name}`;
    try {
      await this.#iam("POST", `${this.#pool}/providers?${query}`, body);
      await this.#there(`${this.#pool}/providers/${name}`);
      this.#providers.add(name);
    } catch (error) {
      // IAM may want to read an issuer before it makes a provider of it.
      this.#world.say(`no provider ${name}: ${String(error)}`);
    }
  }

  /** Waits until IAM has what was made: its operations take their time. */
  async #there(path: string): Promise<void> {
    await this.#turns("granted", path, async () => ({
      status: (await this.#iam("GET", path, undefined, 404))["state"] === "ACTIVE" ? 200 : 404,
    }));
  }

  #turns(to: "granted" | "refused", what: string, ask: () => Promise<VendorAnswer>): Promise<Finding> {
    const { clock, signal, say, maxWaitMs } = this.#world;
    return turning(to, ask, { clock, signal, say, what, withinMs: maxWaitMs });
  }

  /** With keys that are uploaded it need not be reachable. */
  get #issuer(): string {
    return this.#account.place?.url ?? "https://issuer.podtrust-record.invalid";
  }

  #tokenWorld(provider: string): TokenWorld {
    const { clock, signers } = this.#world;
    const audience = `https:${this.#target(provider)}`;
    return { now: epochSeconds(clock), issuer: this.#issuer, audience, signers };
  }

  #target(provider: string): string {
    return `//iam.googleapis.com/${this.#pool}/providers/${provider}`;
  }

  async #post(
    url: string,
    body: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<VendorAnswer & { json: JsonRecord }> {
    const { status, text } = await this.#world.send(url, { method: "POST", body, headers });
    const json = jsonOf(text);
    for (const name of ["access_token", "accessToken"]) this.#world.used.add(textOf(json[name]) ?? "");
    return { ...answerOf(status, text), json };
  }

  #exchange(asked: Pick<GoogleCase, "parameters" | "token">, provider: string = "plain") {
    const target = this.#target(provider);
    const form = exchangeParameters(asked, target, this.#tokenWorld(provider));
    this.#world.used.add(form["subject_token"] ?? "", target);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return this.#post("https://sts.googleapis.com/v1/token", new URLSearchParams(form).toString(), headers);
  }

  async #impersonate(lifetime: number): Promise<VendorAnswer> {
    const exchanged = await this.#exchange({});
    const token = textOf(exchanged.json["access_token"]);
    if (token === undefined) return exchanged;
    const body = { scope: ["https://www.googleapis.com/auth/cloud-platform"], lifetime: `${lifetime}s` };
    return this.#post(
      `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${this.#email}:generateAccessToken`,
      JSON.stringify(body),
      { authorization: `Bearer ${token}`, "content-type": "application/json" },
    );
  }

  async #setMember(isMember: boolean): Promise<void> {
    const path = `${this.#accounts}/${this.#email}`;
    const policy = await this.#iam("POST", `${path}:getIamPolicy`, {});
    const member = `principal://iam.googleapis.com/${this.#pool}/subject/${subject}`;
    const bindings = isMember ? [{ role: workloadUser, members: [member] }] : [];
    await this.#iam("POST", `${path}:setIamPolicy`, { policy: { ...policy, bindings } });
  }

  async #becomeMember(): Promise<Finding> {
    await this.#setMember(true);
    this.#isMember = true;
    return this.#turns("granted", "the member that was added", () => this.#impersonate(3600));
  }

  async ask(name: string): Promise<VendorAnswer> {
    const asked = googleCase(name);
    const { provider = "plain", impersonates } = asked;
    if (!this.#providers.has(provider)) throw new LeftOut(`there is no provider ${provider}`);
    if (impersonates === undefined) return this.#exchange(asked, provider);
    if (impersonates.isMember && !this.#isMember) this.#counted = await this.#becomeMember();
    return this.#impersonate(impersonates.lifetime);
  }

  async #uploadNext(): Promise<Finding> {
    const { own, next } = this.#world.signers;
    const jwksJson = JSON.stringify({ keys: [own.jwk, next.jwk] });
    await this.#iam("PATCH", `${this.#pool}/providers/plain?updateMask=oidc.jwksJson`, {
      oidc: { jwksJson },
    });
    return this.#turns("granted", "the uploaded key", () =>
      this.#exchange({ token: () => ({ signer: "next" }) }),
    );
  }

  /** A provider that fetches, of an issuer that serves the first key. */
  async #fetching(): Promise<DocumentHost> {
    const { place } = this.#account;
    if (place === undefined) throw new LeftOut("it needs --issuer and --documents");
    if (this.#providers.has("fetching")) return place;
    await place.publish(documentsOf(place.url, [this.#world.signers.own]));
    const body = { attributeMapping: { "google.subject": "assertion.sub" }, oidc: { issuerUri: place.url } };
    await this.#iam("POST", `${this.#pool}/providers?workloadIdentityPoolProviderId=fetching`, body);
    await this.#there(`${this.#pool}/providers/fetching`);
    this.#providers.add("fetching");
    await this.#turns("granted", "the first exchange by fetched keys", () => this.#exchange({}, "fetching"));
    return place;
  }

  async #served(to: "granted" | "refused", signer: NonNullable<TokenChange["signer"]>): Promise<Finding> {
    const place = await this.#fetching();
    const { own, next } = this.#world.signers;
    await place.publish(documentsOf(place.url, to === "granted" ? [own, next] : [next]));
    const token = (): TokenChange => ({ signer });
    return this.#turns(to, `the key ${signer} as it is served`, () => this.#exchange({ token }, "fetching"));
  }

  async measure(question: string): Promise<Finding> {
    const ladder = this.cases.ladders[question];
    if (ladder !== undefined) return climb(ladder, (token) => this.#exchange({ token }));
    const ways: Readonly<Record<string, () => Promise<Finding>>> = {
      "member added": async () => this.#counted ?? (await this.#becomeMember()),
      "member removed": async () => {
        await this.#setMember(false);
        return this.#turns("refused", "the member that was removed", () => this.#impersonate(3600));
      },
      "new uploaded key": () => this.#uploadNext(),
      "new fetched key": () => this.#served("granted", "next"),
      "removed fetched key": () => this.#served("refused", "own"),
    };
    const way = ways[question];
    if (way === undefined) throw new TypeError(`no question ${question} of Google`);
    return way();
  }

  close(): Promise<readonly string[]> {
    return this.#made.remove();
  }
}
