# The course's notebooks, from the folder that came with this step or from a commit of a repository, become an edition:
# whole, with its sums, and put in place in one go. Whatever fails leaves the edition in use as it is.
editions=/opt/course/editions
folder=/opt/course/folder
. /etc/course/content-source
mkdir -p "$editions" "$folder"
rm -rf "$editions"/.checkout-*  # of an interrupted run

# publish SOURCE NAME: why it is refused is told as its progress is
publish() { (cd /opt/course/lib && python3 -E -s -m coursehub.edition "$@" >&3 2>&3); }

# fetch WORK: that one commit, without its history; submodules and LFS files stay out
fetch() {
  export GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=https:ssh GIT_CONFIG_NOSYSTEM=1 GIT_LFS_SKIP_SMUDGE=1
  export GIT_HTTP_LOW_SPEED_LIMIT=1000 GIT_HTTP_LOW_SPEED_TIME=60  # bytes a second, seconds
  GIT_SSH_COMMAND="ssh -F none -o BatchMode=yes -o ConnectTimeout=20 -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes"
  GIT_SSH_COMMAND+=" -o UserKnownHostsFile=/etc/course/content-known-hosts -o GlobalKnownHostsFile=/dev/null"
  export GIT_SSH_COMMAND="$GIT_SSH_COMMAND -i /etc/course/secrets/deploy-key"
  git init --quiet "$1" &&
    git -C "$1" fetch --quiet --depth=1 --no-tags --no-recurse-submodules "$repository" "$commit" &&
    git -C "$1" -c advice.detachedHead=false checkout --quiet "$commit"
}

if [ -z "$repository" ]; then
  find "$folder" -mindepth 1 -type d -empty -delete
  name=$(cd "$folder" && find . -type f -print0 | sort -z | xargs -0 --no-run-if-empty sha256sum | sha256sum | cut -c1-16)
  publish "$folder" "$name"
else
  name=$(sha256sum </etc/course/content-source | cut -c1-16)
  work=$(mktemp -d "$editions/.checkout-XXXXXXXX")
  trap 'rm -rf "$work"' EXIT
  source=$work${subfolder:+/$subfolder}
  if [ ! -e "$editions/$name.json" ]; then
    packages git
    say "Fetching ${commit:0:7} of $branch from $repository"
    (fetch "$work") || fail "It cannot be fetched; the notebooks from before stay in use. git says:"
    # by a link in the repository, root would hand out any folder of this machine
    [ "$(realpath "$source")" = "$source" ] && [ -d "$source" ] ||
      fail "There is no folder $subfolder in it; the notebooks from before stay in use"
  fi
  publish "$source" "$name"
fi
if [ -x /opt/course/bin/try-new-notebooks ]; then
  /opt/course/bin/try-new-notebooks | while read -r failing; do say "delivered, but does not run to its end: $failing"; done || true
fi
