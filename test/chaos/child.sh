# A task that is a process of its own, for a while.
cat >/dev/null
sleep 0.3
printf '{"good":true,"of":"child"}'
