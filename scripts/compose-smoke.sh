#!/usr/bin/env bash
# Uploads a clip to a running system (docker compose, or npm start) and checks that it plays.
# Usage: scripts/compose-smoke.sh [file]      KINORA_URL=http://localhost:8080
set -euo pipefail
url=${KINORA_URL:-http://localhost:8080}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
file=${1:-$work/clip.mp4}
[ -f "$file" ] || ffmpeg -v error -f lavfi -i testsrc2=size=640x360:rate=25:duration=20 -f lavfi -i sine=frequency=440:duration=20 \
  -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -shortest "$file"

field() { node -pe 'process.argv[1].split(".").reduce((value, name) => value?.[name], JSON.parse(require("fs").readFileSync(0, "utf8"))) ?? ""' "$1"; }
api() { curl --silent --show-error --fail-with-body "$@"; }

password=$(head -c 18 /dev/urandom | base64)
# From standard input, so that the password is not in the process list.
token=$(printf '{"email":"smoke-%s@example.com","password":"%s"}' "$(date +%s%N)" "$password" |
  api -H 'content-type: application/json' --data @- "$url/v1/auth/register" | field accessToken)
printf 'header = "authorization: Bearer %s"\n' "$token" >"$work/curlrc"
id=$(api -K "$work/curlrc" -H 'content-type: application/json' --data '{"title":"Smoke test"}' "$url/v1/videos" | field id)
api -K "$work/curlrc" -H 'content-type: video/mp4' --upload-file "$file" "$url/v1/videos/$id/source" >/dev/null
echo "uploaded $(basename "$file") as $id"

for _ in $(seq 1 300); do
  # A busy machine may sometimes answer 503 or 504.
  video=$(api --retry 5 -K "$work/curlrc" "$url/v1/videos/$id")
  status=$(field status <<<"$video")
  printf '\r%s %s%%   ' "$status" "$(field progress.percent <<<"$video")"
  case $status in ready | failed) break ;; esac
  sleep 1
done
echo
[ "$status" = ready ] || { echo "the video did not become ready: $video" >&2; exit 1; }

hls=$(field playback.hlsUrl <<<"$video")
frames=$(ffprobe -v error -select_streams v:0 -count_packets -show_entries stream=nb_read_packets -of csv=p=0 "$hls" | head -n 1)
[ "${frames:-0}" -gt 0 ] || { echo "nothing plays at $hls" >&2; exit 1; }
echo "plays: $frames frames at $hls"
