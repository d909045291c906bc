#!/usr/bin/env bash
# Installs what the compatibility tests and benchmarks compare Moldau with, or run it beside: kcat (librdkafka), Apache
# Kafka's own broker and tools on a Java 17 runtime, Node 24, HAProxy, Prometheus. Running it again changes nothing and takes no time.
#
# System packages (Debian's, as root) are installed when their command is missing; everything else goes into one cache
# folder, $MOLDAU_PEERS, by default ${XDG_CACHE_HOME:-$HOME/.cache}/moldau-peers:
#   kafka/classpath           one line, the jars of Apache Kafka and its tools
#   kafka/log4j2.properties   logging of brokers and tools
#   node24/                   npm's package of Node 24
#   m2/                       Maven's local repository, where the jars lie
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
peers=${MOLDAU_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/moldau-peers}
kafka_version=${MOLDAU_PEERS_KAFKA:-4.3.1}
mkdir -p "$peers"

# Two runs at once (a benchmark beside a test run) take turns.
if command -v flock >/dev/null; then
  exec 9>"$peers/.lock"
  flock 9
fi

say() { printf 'peers: %s\n' "$*" >&2; }

# A registry now and then answers slowly or not at all: three tries, with a pause that grows.
retry() {
  local try
  for try in 1 2 3; do
    "$@" && return 0
    say "try $try failed: $1"
    sleep $((try * 5))
  done
  return 1
}

has() { command -v "$1" >/dev/null; }

install_system_packages() {
  if has kcat && has javac && has mvn && has haproxy && has prometheus; then return 0; fi
  if ! has apt-get; then
    say "kcat, a JDK 17, Maven, HAProxy and Prometheus are needed, and there is no apt-get to install them"
    return 1
  fi
  local sudo=() packages=()
  if [ "$(id -u)" != 0 ]; then sudo=(sudo -n); fi
  retry "${sudo[@]}" apt-get update -q >&2
  has kcat || packages+=(kcat)
  # The test clients in Java are compiled from source, hence the JDK. Debian 13 has no 17; every newer JDK serves.
  if ! has javac; then
    if apt-cache show openjdk-17-jdk-headless >/dev/null 2>&1; then packages+=(openjdk-17-jdk-headless)
    else packages+=(default-jdk-headless); fi
  fi
  has mvn || packages+=(maven)
  has haproxy || packages+=(haproxy)
  # With promtool. Where services run, both are started with their own settings; nothing here depends on them.
  has prometheus || packages+=(prometheus)
  say "installing ${packages[*]}"
  retry "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}" >&2
}

install_kafka() {
  local stamp classpath=$peers/kafka/classpath
  stamp="$kafka_version $(sha256sum "$here/pom.xml" | cut -d' ' -f1)"
  mkdir -p "$peers/kafka"
  cp "$here/log4j2.properties" "$peers/kafka/log4j2.properties"
  if [ "$(cat "$peers/kafka/stamp" 2>/dev/null)" = "$stamp" ] && [ -s "$classpath" ]; then return 0; fi
  say "resolving Apache Kafka $kafka_version"
  retry mvn -q -B -f "$here/pom.xml" "-Dkafka.version=$kafka_version" "-Dmaven.repo.local=$peers/m2" \
    dependency:build-classpath "-Dmdep.outputFile=$classpath.new" >&2
  mv "$classpath.new" "$classpath"
  echo "$kafka_version" >"$peers/kafka/version"
  echo "$stamp" >"$peers/kafka/stamp"
}

# npm's package `node` only picks one of these per platform, in an install script: naming it needs no script.
install_node24() {
  local package
  package=$(node -p '"node-" + process.platform + "-" + process.arch')
  if "$peers/node24/bin/node" --version 2>/dev/null | grep -q '^v24\.'; then return 0; fi
  say "installing Node 24"
  mkdir -p "$peers/node24/bin"
  retry npm install --silent --ignore-scripts --no-save --no-package-lock --no-audit --no-fund \
    --prefix "$peers/node24" "$package@24" >&2
  ln -sf "../node_modules/$package/bin/node" "$peers/node24/bin/node"
  "$peers/node24/bin/node" --version >/dev/null
}

install_system_packages
install_kafka
install_node24
say "ready in $peers: Apache Kafka $(cat "$peers/kafka/version"), $("$peers/node24/bin/node" --version), $(kcat -V 2>&1 | grep -o 'librdkafka [0-9.]*')"
