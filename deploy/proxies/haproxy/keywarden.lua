-- HAProxy asks Keywarden about each request. Loaded by haproxy.cfg, which sets KEYWARDEN_URL, KEYWARDEN_SERVICE_TOKEN
-- and KEYWARDEN_WORKSPACE in the environment of this script.

local url = os.getenv("KEYWARDEN_URL") .. "/v1/forward-auth"
local service_token = os.getenv("KEYWARDEN_SERVICE_TOKEN")
local workspace = os.getenv("KEYWARDEN_WORKSPACE")

local function first(headers, name)
  return headers and headers[name] and headers[name][0]
end

local function ask(txn)
  local sent = txn.http:req_get_headers()
  local asked = {
    ["x-keywarden-service-token"] = { service_token },
    ["x-keywarden-workspace"] = { workspace },
    ["x-original-method"] = { txn.sf:method() },
    ["x-original-uri"] = { txn.sf:pathq() },
    ["x-forwarded-for"] = { txn.sf:src() },
  }
  -- The key is in X-API-Key, or else in Authorization, which Keywarden does not see otherwise.
  local key = first(sent, "x-api-key") and "x-api-key" or "authorization"
  for _, name in ipairs({ key, "user-agent" }) do
    local value = first(sent, name)
    if value then asked[name] = { value } end
  end
  local client = core.httpclient()
  local answer = client:get({ url = url, headers = asked, timeout = 5000 })
  local status = answer and answer.status or 0
  -- No answer from Keywarden is an outage, never a permission.
  if status ~= 200 and status ~= 401 and status ~= 403 and status ~= 429 then status = 503 end
  txn:set_var("txn.key_status", status)
  local headers = answer and answer.headers
  for variable, name in pairs({
    ["txn.key_id"] = "x-keywarden-key-id",
    ["txn.key_workspace"] = "x-keywarden-workspace",
    ["txn.key_scopes"] = "x-keywarden-scopes",
    ["txn.key_challenge"] = "www-authenticate",
    ["txn.key_ratelimit"] = "ratelimit",
    ["txn.key_ratelimit_policy"] = "ratelimit-policy",
    ["txn.key_retry_after"] = "retry-after",
  }) do
    txn:set_var(variable, first(headers, name) or "")
  end
  if status == 503 then txn:set_var("txn.key_retry_after", "1") end
end

core.register_action("keywarden", { "http-req" }, ask, 0)
