import * as oauth from "oauth4webapi";
import { browse, given, tell } from "./talk.mjs";

const http = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(given.issuer);
const found = await oauth.discoveryRequest(issuer, { ...http, algorithm: "oidc" });
const as = await oauth.processDiscoveryResponse(issuer, found);
const client = { client_id: given.client_id };
const secret =
  given.method === "client_secret_post"
    ? oauth.ClientSecretPost(given.client_secret)
    : oauth.ClientSecretBasic(given.client_secret);

const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const nonce = oauth.generateRandomNonce();
const url = new URL(as.authorization_endpoint);
url.search = new URLSearchParams({
  client_id: given.client_id,
  redirect_uri: given.redirect_uri,
  response_type: "code",
  scope: "openid profile email",
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce,
});
const answer = oauth.validateAuthResponse(as, client, await browse(url), state);

const exchanged = await oauth.authorizationCodeGrantRequest(
  as, client, secret, answer, given.redirect_uri, verifier, http,
);
const tokens = await oauth.processAuthorizationCodeResponse(as, client, exchanged, {
  expectedNonce: nonce,
  requireIdToken: true,
});
const idToken = oauth.getValidatedIdTokenClaims(tokens);
await oauth.validateApplicationLevelSignature(as, exchanged, http);

async function introspect(token) {
  const response = await oauth.introspectionRequest(as, client, secret, token, http);
  return oauth.processIntrospectionResponse(as, client, response);
}

async function refresh(token) {
  const response = await oauth.refreshTokenGrantRequest(as, client, secret, token, http);
  return oauth.processRefreshTokenResponse(as, client, response);
}

const active = await introspect(tokens.access_token);
const refreshed = await refresh(tokens.refresh_token);
const asked = await oauth.userInfoRequest(as, client, refreshed.access_token, http);
const userinfo = await oauth.processUserInfoResponse(as, client, idToken.sub, asked);

const own = await oauth.processClientCredentialsResponse(
  as, client, await oauth.clientCredentialsGrantRequest(as, client, secret, {}, http),
);

for (const token of [refreshed.access_token, refreshed.refresh_token]) {
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, secret, token, http));
}
let late = "";
try {
  await refresh(refreshed.refresh_token);
} catch (error) {
  late = error.error;
}

tell({
  id_token: idToken,
  userinfo,
  active,
  rotated: refreshed.refresh_token !== tokens.refresh_token,
  own: await introspect(own.access_token),
  revoked: await introspect(refreshed.access_token),
  late,
});
