// A real OpenID Connect issuer for tests: the certified `oidc-provider`, with a door for tests on standard input.
//
// It prints where it is as one line of JSON. Each line that it reads is one order, answered with a line:
//   {"client": {"client_id": …, "client_secret": …, "redirect_uris": […]}}   knows this client, and no other
//   {"rotate": true}                             signs with a new key from now on, and forgets the old one
//   {"bend": {"claims": {…}, "signed": …}}       says these claims in its next id token; `signed`: "right" (the usual),
//                                                "foreign" (another key), "none" or "HS256" (by the client's secret)
// It ends with its input.

import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { randomUUID } from 'node:crypto';
import { decodeJwt, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import Provider from 'oidc-provider';

// Standard output is for answers; what the provider remarks is not one.
console.info = console.log = console.warn = console.error;

let client;
let key = await newKey();
let bent;
let answers;

const server = createServer((request, response) => answers(request, response));
await new Promise((listens) => server.listen(0, '127.0.0.1', listens));
const address = `http://127.0.0.1:${server.address().port}`;
open();
say({ issuer: address });

function say(it) {
  process.stdout.write(`${JSON.stringify(it)}\n`);
}

async function newKey() {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomUUID(), alg: 'RS256', use: 'sig' };
}

/// Anew with what it knows now; who was signed in is not any more.
function open() {
  const provider = new Provider(address, {
    clients: client ? [client] : [],
    jwks: { keys: [key] },
    cookies: { keys: ['of a test'] },
    claims: { openid: ['sub'] },
    pkce: { required: () => true },
    // Whoever it is, they are known by the name that they type; any password does.
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  });
  provider.use(async (context, next) => {
    await next();
    if (bent && context.path === '/token' && context.body?.id_token) {
      context.body.id_token = await bend(context.body.id_token, bent);
      bent = undefined;
    }
  });
  answers = provider.callback();
}

async function bend(token, { claims, signed = 'right' }) {
  const payload = { ...decodeJwt(token), ...claims };
  if (signed === 'none') {
    const part = (it) => Buffer.from(JSON.stringify(it)).toString('base64url');
    return `${part({ alg: 'none' })}.${part(payload)}.`;
  }
  if (signed === 'HS256') {
    const secret = new TextEncoder().encode(client.client_secret);
    return new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(secret);
  }
  const by = signed === 'foreign' ? { ...(await newKey()), kid: key.kid } : key;
  const header = { alg: 'RS256', kid: key.kid };
  return new SignJWT(payload).setProtectedHeader(header).sign(await importJWK(by, 'RS256'));
}

const orders = createInterface({ input: process.stdin });
orders.on('line', async (line) => {
  const order = JSON.parse(line);
  if (order.client) client = order.client;
  if (order.rotate) key = await newKey();
  if (order.bend) bent = order.bend;
  else open();
  say({ done: true });
});
orders.on('close', () => process.exit(0));
