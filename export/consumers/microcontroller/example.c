/* Decode the latents of model.h and print one picture, as a PGM or PPM: what firmware does with a display in place of
 * standard output. `decode` is in decode.cc; nothing else here knows how it is done.
 *
 *     example NUMBER > picture.pgm
 */
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

/* Decode one latent to one image, both as integers; 0 if it went well. A model without classes reads no label. */
int decode(const int8_t *latent, int32_t label, int8_t *image);

int main(int argc, char **argv) {
    static int8_t image[IMAGE_BYTES];
    char *end = NULL;
    long number = argc == 2 ? strtol(argv[1], &end, 10) : -1;
    if (number < 0 || number >= EXAMPLES || *end) {
        fprintf(stderr, "example: NUMBER is %s: expected 0 to %d; give one in between\n", argc == 2 ? argv[1] : "missing",
                EXAMPLES - 1);
        return 2;
    }
    if (decode(example_latents[number], CLASSES ? (int32_t)(number % (CLASSES + !CLASSES)) : 0, image)) {
        fprintf(stderr, "example: the model does not run: expected the model.c written with this file; copy both\n");
        return 2;
    }
    int shown = IMAGE_CHANNELS >= 3 ? 3 : 1;
    printf("P%d\n%d %d\n255\n", shown == 3 ? 6 : 5, IMAGE_WIDTH, IMAGE_HEIGHT);
    for (int pixel = 0; pixel < IMAGE_HEIGHT * IMAGE_WIDTH; pixel++)
        for (int channel = 0; channel < shown; channel++) putchar(image[pixel * IMAGE_CHANNELS + channel] + 128);
    return 0;
}
