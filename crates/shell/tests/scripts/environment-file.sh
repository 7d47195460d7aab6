version="$(git describe --tags --abbrev=0 2>/dev/null || echo v0.0.0)"
{
  echo "VERSION=${version#v}"
  echo "NOTES<<EOT"
  git log --format='- %s' "${version}"..HEAD
  echo EOT
} >> "$GITHUB_ENV"
case "${GITHUB_REF##*/}" in
  main|master) channel=stable ;;
  release/*|rc-[0-9]*) channel=beta ;;
  *) channel=nightly
esac
echo "CHANNEL=$channel" | tee -a "$GITHUB_ENV" "$GITHUB_OUTPUT"
if [ "$channel" = stable ] && ! grep -q "^## \[${version#v}\]" CHANGELOG.md; then
  echo "no entry for ${version}" && exit 1
fi
