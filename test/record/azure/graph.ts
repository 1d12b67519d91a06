import { defined, type JsonRecord, mapped, recordsOf, textOf } from "../../../src/core/base/index.ts";
import { type Finding, isGranted } from "../measures.ts";
import type { VendorAnswer } from "../recording.ts";
import { subject } from "../tokens.ts";
import { checkAccess, jsonOf, type Made, type RecorderWorld } from "../vendor.ts";
import { answerOf } from "./answer.ts";
import { audience } from "./cases.ts";

/** What marks a federated credential of the recorder's: its description. */
const mark = "podtrust record: may be deleted";
const graph = "https://graph.microsoft.com/v1.0/applications";
/** Of an id that Graph gave, which becomes a path. */
const idForm = /^[0-9a-f-]{36}$/u;

/** An application that somebody lends for a run: federated credentials are put beside its own, and taken away again. */
export interface LentApplication {
  /** Its object id. */
  readonly application: string;
  /** An access token for Graph of somebody who may write it. */
  readonly token: string;
}

/** The federated credentials of an application, by Graph. */
export class ApplicationCredentials {
  readonly #lent: LentApplication;
  readonly #world: RecorderWorld;

  constructor(lent: LentApplication, world: RecorderWorld) {
    this.#lent = lent;
    this.#world = world;
    world.used.add(lent.application, lent.token);
  }

  async #ask(
    method: string,
    below: string,
    body?: object,
  ): Promise<{ readonly answer: VendorAnswer; readonly json: JsonRecord }> {
    const { application, token } = this.#lent;
    const { status, text } = await this.#world.send(
      `${graph}/${application}/federatedIdentityCredentials${below}`,
      {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...defined({ body: mapped(body, JSON.stringify) }),
      },
    );
    checkAccess({ status });
    return { answer: answerOf(status, text), json: jsonOf(text) };
  }

  /** All of them; an application has too few for a second page. */
  async #list(): Promise<readonly JsonRecord[]> {
    const { answer, json } = await this.#ask("GET", "");
    if (isGranted(answer)) return recordsOf(json["value"]);
    throw new Error(`reading the application's federated credentials: ${answer.status} ${answer.text ?? ""}`);
  }

  async #remove(id: string): Promise<void> {
    const { answer } = await this.#ask("DELETE", `/${id}`);
    if (!isGranted(answer) && answer.status !== 404)
      throw new Error(`deleting a federated credential: ${answer.status} ${answer.text ?? ""}`);
  }

  /** Removes those with the recorder's mark; gives what they were. */
  async sweep(): Promise<readonly string[]> {
    const marked = (await this.#list()).filter(({ description }) => description === mark);
    const ids = marked.map(({ id }) => textOf(id) ?? "").filter((id) => idForm.test(id));
    for (const id of ids) await this.#remove(id);
    return ids.map(() => "a federated credential of the application");
  }

  /** Adds credentials until Graph takes no more: how many there were, and what it says then. */
  async fill(issuer: string, made: Made): Promise<Finding> {
    const { used, clock, signal } = this.#world;
    const before = (await this.#list()).length;
    // What was made and whose answer was lost is found by its mark.
    made.add("federated credentials of the application", async () => void (await this.sweep()));
    for (let count = before + 1; count <= 25; count += 1) {
      const { answer, json } = await this.#ask("POST", "", {
        name: `podtrust-record-${count}`,
        issuer,
        subject: `${subject}-${count}`,
        audiences: [audience],
        description: mark,
      });
      used.add(textOf(json["id"]) ?? "");
      if (!isGranted(answer)) return { unit: "credentials", granted: count - 1, refused: count, answer };
      await clock.sleep(1000, signal);
    }
    return { unit: "credentials", granted: 25 };
  }
}
