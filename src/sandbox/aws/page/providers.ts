import type { OidcProvider } from "../state/records.ts";
import { type Html, html } from "../../../core/html/index.ts";
import { section } from "./section.ts";
import type { View } from "./view.ts";

function codes(values: readonly string[], none: string): Html {
  if (values.length === 0) return html`<span class="quiet">${none}</span>`;
  return html`<ul class="plain">
    ${values.map((value) => html`<li><code>${value}</code></li>`)}
  </ul>`;
}

function row(provider: OidcProvider): Html {
  return html`<tr>
    <th scope="row">
      <code>https://${provider.url}</code>
      <div class="quiet"><code>${provider.arn}</code></div>
    </th>
    <td>${codes(provider.clientIds, "none: no token can match")}</td>
    <td>${codes(provider.thumbprints, "none: public roots only")}</td>
  </tr>`;
}

/** The registered OIDC providers. */
export function providersSection({ account }: View): Html {
  const providers = account.providers.values();
  const body =
    providers.length === 0
      ? html`<p class="empty">
          No issuer is registered yet. <code>aws iam create-open-id-connect-provider</code> adds one.
        </p>`
      : html`<div class="scroll" role="region" aria-labelledby="providers-title" tabindex="0">
          <table>
            <thead>
              <tr>
                <th scope="col">Issuer</th>
                <th scope="col">Audiences</th>
                <th scope="col">Thumbprints</th>
              </tr>
            </thead>
            <tbody>
              ${providers.map(row)}
            </tbody>
          </table>
        </div>`;
  return section({ id: "providers", title: "OIDC providers", count: providers.length, body });
}
