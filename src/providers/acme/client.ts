import { defined, mapped, PodtrustError } from "../../core/base/index.ts";
import { type AcmeAccount, locationOf, SignedAccount } from "./account.ts";
import { type AccountKey, bindExternalAccount, type ExternalAccount } from "./account-key.ts";
import type { Directory } from "./directory.ts";
import { AcmeProblem } from "./problem.ts";
import { certificateId, readRenewalInfo, type RenewalInfo } from "./renewal-info.ts";
import { type AcmeClientOptions, AcmeSession } from "./session.ts";

export interface NewAccount {
  readonly key: AccountKey;
  /** Mail addresses, without `mailto:`. */
  readonly contact?: readonly string[];
  readonly termsOfServiceAgreed: boolean;
  readonly externalAccount?: ExternalAccount;
  /** Only look up the account of this key: `acme-account-unknown` when there is none. */
  readonly onlyReturnExisting?: boolean;
}

/** A CA's API (RFC 8555). */
export interface AcmeClient {
  readonly directoryUrl: string;
  directory(signal?: AbortSignal): Promise<Directory>;
  /** Creates an account, or finds the existing one of the key. */
  newAccount(account: NewAccount, signal?: AbortSignal): Promise<AcmeAccount>;
  /** An account whose URL is known; nothing is sent. */
  account(key: AccountKey, uri: string): AcmeAccount;
  /** When to renew a certificate (PEM, leaf first); undefined when the CA does not say (no ARI). */
  renewalInfo(certificate: string, signal?: AbortSignal): Promise<RenewalInfo | undefined>;
  /** How far the CA's clock is ahead of ours by its last answer, milliseconds; undefined before. */
  clockOffset(): number | undefined;
}

function checkAgreements(url: string, directory: Directory, account: NewAccount): void {
  if (account.onlyReturnExisting === true) return;
  const refuse = (message: string, next: string): never => {
    throw new PodtrustError("acme-account-refused", `${url}: ${message}`, { next, detail: { url } });
  };
  if (directory.externalAccountRequired && account.externalAccount === undefined) {
    refuse(
      "the CA makes accounts only for those it knows",
      "Give the key id and HMAC key that the CA hands out (external account binding).",
    );
  }
  if (directory.termsOfService !== undefined && !account.termsOfServiceAgreed) {
    refuse("the CA's terms have not been agreed to", `Read ${directory.termsOfService} and agree to it.`);
  }
}

/** "Unauthorized" is mostly about challenges; for a new account it means the binding, or a deactivated key. */
function refusedBinding(
  error: unknown,
  externalAccount: ExternalAccount | undefined,
): PodtrustError | undefined {
  if (!(error instanceof AcmeProblem) || !error.is("unauthorized")) return undefined;
  return new PodtrustError("acme-account-refused", error.message, {
    cause: error,
    detail: error.detail,
    ...(externalAccount === undefined
      ? {}
      : {
          next: "Check the key id and the HMAC key of the external account: as the CA hands them out, and for this CA.",
        }),
  });
}

class Client implements AcmeClient {
  readonly directoryUrl: string;
  readonly #session: AcmeSession;

  constructor(options: AcmeClientOptions) {
    this.#session = new AcmeSession(options);
    this.directoryUrl = options.directory;
  }

  directory(signal?: AbortSignal): Promise<Directory> {
    return this.#session.directory(signal);
  }

  async newAccount(account: NewAccount, signal?: AbortSignal): Promise<AcmeAccount> {
    const directory = await this.#session.directory(signal);
    checkAgreements(this.directoryUrl, directory, account);
    const { newAccount } = directory;
    const { key, contact = [], externalAccount } = account;
    const payload =
      account.onlyReturnExisting === true
        ? { onlyReturnExisting: true }
        : {
            termsOfServiceAgreed: account.termsOfServiceAgreed,
            ...(contact.length === 0 ? {} : { contact: contact.map((mail) => `mailto:${mail}`) }),
            ...defined({
              externalAccountBinding: mapped(externalAccount, (external) =>
                bindExternalAccount(external, key, newAccount),
              ),
            }),
          };
    const response = await this.#session
      .post(newAccount, { key }, payload, { signal })
      .catch((error: unknown) => {
        throw refusedBinding(error, externalAccount) ?? error;
      });
    return new SignedAccount(this.#session, key, locationOf(newAccount, response));
  }

  account(key: AccountKey, uri: string): AcmeAccount {
    return new SignedAccount(this.#session, key, uri);
  }

  async renewalInfo(certificate: string, signal?: AbortSignal): Promise<RenewalInfo | undefined> {
    const { renewalInfo } = await this.#session.directory(signal);
    if (renewalInfo === undefined) return undefined;
    const url = `${renewalInfo.replace(/\/$/u, "")}/${certificateId(certificate)}`;
    const response = await this.#session.get(url, signal);
    return readRenewalInfo(url, response, this.#session.options.clock.now());
  }

  clockOffset(): number | undefined {
    return this.#session.clockOffset;
  }
}

/** A client for one CA; nothing is sent yet. Throws `acme-directory-invalid` for a URL that is not verified HTTPS. */
export function openAcme(options: AcmeClientOptions): AcmeClient {
  return new Client(options);
}
