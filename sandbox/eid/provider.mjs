// Sandbox eID: a certified OpenID Provider (oidc-provider) with made-up people. Never for production.
//
//   EID_CONFIG=/path/eid.json node provider.mjs
//
// The configuration: {"port", "issuer", "clients": [{"client_id", "client_name", "redirect_uris",
// "post_logout_redirect_uris", "backchannel_logout_uri", "jwks", …}], "jwks", "cookie_keys", "salt"}.
// EID_PORT and EID_ISSUER override it; EID_DOWN=1 answers 503 to everything, EID_SLOW_MS waits first.
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import Provider from 'oidc-provider';
import { CLAIMS, CLAIMS_OF_SCOPE } from './texts.mjs';
import { asked, choosePage, errorPage, languageOf, loggedOutPage, logoutPage } from './pages.mjs';

const here = (name) => new URL(name, import.meta.url);
const config = process.env.EID_CONFIG ? JSON.parse(fs.readFileSync(process.env.EID_CONFIG, 'utf8')) : {};
const port = Number(process.env.EID_PORT || config.port || 9400);
const issuer = process.env.EID_ISSUER || config.issuer || `http://127.0.0.1:${port}`;
const personas = JSON.parse(fs.readFileSync(here('personas.json'), 'utf8'));
const personOf = (id) => personas.find((person) => person.id === id);
const ACR = 'aal3 crl';

const newKey = (type, options, extra) => ({ ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), use: 'sig', ...extra });
const jwks = config.jwks || { keys: [
  newKey('ec', { namedCurve: 'P-256' }, { kid: `es-${randomBytes(6).toString('hex')}`, alg: 'ES256' }),
  newKey('rsa', { modulusLength: 2048 }, { kid: `ps-${randomBytes(6).toString('hex')}`, alg: 'PS256' }),
] };
const salt = config.salt || randomBytes(16).toString('hex');

const names = Object.fromEntries((config.clients || []).map((client) => [client.client_id, client['client_name#en']]));
const clients = (config.clients || []).map(({ 'client_name#en': _english, ...client }) => ({
  response_types: ['code'],
  grant_types: ['authorization_code'],
  scope: 'openid name birthdate gender address nationality email phone',
  subject_type: 'pairwise',
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_signing_alg: 'ES256',
  id_token_signed_response_alg: 'ES256',
  userinfo_signed_response_alg: 'ES256',
  backchannel_logout_session_required: Boolean(client.backchannel_logout_uri),
  ...client,
}));

// *.localhost is this machine, whatever the resolver says.
const fetchLocal = (url, options) => new Promise((resolve, reject) => {
  const target = new URL(url);
  const request = http.request({
    host: '127.0.0.1', port: target.port || 80, path: target.pathname + target.search,
    method: options.method || 'GET', headers: { ...Object.fromEntries(new Headers(options.headers)), host: target.host }, timeout: 5000,
  }, (response) => {
    const chunks = [];
    response.on('data', (chunk) => chunks.push(chunk));
    response.on('end', () => resolve(new Response([204, 304].includes(response.statusCode) ? null : Buffer.concat(chunks), { status: response.statusCode })));
  });
  request.on('timeout', () => request.destroy(new Error('timeout')));
  request.on('error', reject);
  request.end(options.body === undefined ? undefined : String(options.body));
});

const provider = new Provider(issuer, {
  clients,
  jwks,
  cookies: { keys: config.cookie_keys || [randomBytes(24).toString('hex')] },
  scopes: ['openid', ...Object.keys(CLAIMS_OF_SCOPE)],
  claims: {
    openid: ['sub'], acr: null, auth_time: null, sid: null,
    ...CLAIMS_OF_SCOPE,
    email: ['email', 'email_verified'],
  },
  acrValues: ['aal2', 'aal3', 'crl'],
  responseTypes: ['code'],
  pkce: { required: () => true },
  subjectTypes: ['pairwise'],
  pairwiseIdentifier: (ctx, accountId, client) => createHash('sha256').update(`${salt}|${client.clientId}|${accountId}`).digest('base64url'),
  clientAuthMethods: ['private_key_jwt'],
  enabledJWA: {
    idTokenSigningAlgValues: ['ES256', 'PS256'],
    userinfoSigningAlgValues: ['ES256', 'PS256'],
    clientAuthSigningAlgValues: ['ES256', 'PS256'],
    userinfoEncryptionAlgValues: ['ECDH-ES', 'ECDH-ES+A256KW', 'RSA-OAEP-256'],
    userinfoEncryptionEncValues: ['A256GCM', 'A128GCM'],
  },
  features: {
    devInteractions: { enabled: false },
    claimsParameter: { enabled: true },
    jwtUserinfo: { enabled: true },
    encryption: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => { ctx.body = logoutPage(languageOf(ctx.oidc.params?.ui_locales), form); },
      postLogoutSuccessSource: (ctx) => { ctx.body = loggedOutPage(languageOf(ctx.oidc.params?.ui_locales)); },
    },
  },
  ttl: { AccessToken: 300, AuthorizationCode: 60, Grant: 3600, IdToken: 300, Interaction: 900, Session: 3600 },
  interactions: { url: (ctx, interaction) => `/sandbox/${interaction.uid}` },
  renderError: (ctx) => { ctx.type = 'html'; ctx.body = errorPage(languageOf(ctx.oidc?.params?.ui_locales)); },
  findAccount: (ctx, id) => (personOf(id)?.claims ? { accountId: id, claims: () => ({ sub: id, ...personOf(id).claims }) } : undefined),
  fetch: (url, options) => {
    delete options.dispatcher;
    return new URL(url).hostname.endsWith('.localhost') ? fetchLocal(url, options) : globalThis.fetch(url, options);
  },
});

for (const event of ['server_error', 'authorization.error', 'grant.error', 'userinfo.error', 'end_session.error', 'backchannel.error']) {
  provider.on(event, (...said) => {
    const error = said.find((one) => one instanceof Error);
    if (error?.error !== 'access_denied') console.error(`eid ${event}: ${error?.error_detail || error?.error_description || error?.message || ''}`);
  });
}

// Every sign-in needs the card again: no session of the provider signs anybody in.
const withoutSession = (header) => (header || '').split(/;\s*/).filter((cookie) => !/^_session(\.sig)?=/.test(cookie)).join('; ');

const bodyOf = async (request) => {
  let body = '';
  for await (const chunk of request) {
    body += chunk;
    if (body.length > 10_000) throw new Error('too large');
  }
  return new URLSearchParams(body);
};

const html = (response, status, body) => {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
  });
  response.end(body);
};

const finish = (request, response, result) => provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });

const interact = async (request, response) => {
  const url = new URL(request.url, issuer);
  const { uid, params } = await provider.interactionDetails(request, response);
  const client = clients.find((one) => one.client_id === params.client_id);
  if (request.method === 'GET') {
    const language = url.searchParams.get('lang') === null ? languageOf(params.ui_locales) : languageOf(url.searchParams.get('lang'));
    return html(response, 200, choosePage({ uid, params, personas, language, clientName: (language === 'en' && names[client.client_id]) || client.client_name || client.client_id }));
  }
  const form = await bodyOf(request);
  const person = form.get('cancel') ? personOf('cancels') : personOf(form.get('login'));
  if (!person) return html(response, 400, errorPage(languageOf(params.ui_locales)));
  if (person.error) return finish(request, response, { error: person.error, error_description: person.error_description });
  const grant = new provider.Grant({ accountId: person.id, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  grant.addOIDCClaims(asked(params).filter((name) => name in CLAIMS));
  return finish(request, response, {
    login: { accountId: person.id, acr: ACR, amr: ['pin', 'sc'], remember: false },
    consent: { grantId: await grant.save() },
  });
};

const handle = provider.callback();
const server = http.createServer(async (request, response) => {
  if (process.env.EID_SLOW_MS) await new Promise((resolve) => setTimeout(resolve, Number(process.env.EID_SLOW_MS)));
  if (process.env.EID_DOWN === '1') return response.writeHead(503, { 'retry-after': '60' }).end();
  if (request.url === '/healthz') return response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
  if (request.url.startsWith('/auth')) request.headers.cookie = withoutSession(request.headers.cookie);
  if (!request.url.startsWith('/sandbox/')) return handle(request, response);
  try {
    return await interact(request, response);
  } catch (error) {
    console.error(`eid interaction: ${error.error_description || error.message}`);
    return response.headersSent ? response.end() : html(response, 400, errorPage('ja'));
  }
});
server.listen(port, new URL(issuer).hostname === '127.0.0.1' || new URL(issuer).hostname.endsWith('localhost') ? '127.0.0.1' : config.host || '127.0.0.1', () => {
  console.error(`eid ready ${issuer} clients=${clients.length}`);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { server.close(); server.closeAllConnections(); process.exit(0); });
