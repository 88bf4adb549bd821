#include <sngp/sngp.h>
#include <stdio.h>

int main(void) {
  puts(sngp_status_name(SNGP_OK));
  return 0;
}
