/* Draw images from a bundle's onnx/generate.onnx in C99, with ONNX Runtime alone. README.md says how to build it.
 *
 *     generate MODEL SEED FIRST COUNT TEMPERATURE PICTURE [LATENTS IMAGES] [label=CLASS]
 *
 * PICTURE, a PGM file of gray images or a PPM file of coloured ones, shows images FIRST to FIRST + COUNT - 1 of a seed:
 * those of 4 channels on a checkerboard where they are transparent, of any number but 1, 3 or 4 the first. Image i is
 * the same whatever the others. LATENTS and IMAGES are raw float32, [count][latent] and
 * [count][height][width][channel]. A conditional model needs the class to draw. The exit status is 2, after one line on
 * stderr, for what the caller must mend. */
#define PROGRAM "generate"
#define FILE_OF_BUNDLE "onnx/generate.onnx"
#include <errno.h>
#include <sys/stat.h>
#include "model.h"

enum { MOST = 256, GAP = 4, SMALLEST_TILE = 64, SQUARE = 4, LARGEST_LATENT = 65520 };

static char parts[3][4096]; /* files that are not in their places yet */

static void remove_parts(void) {
    for (int i = 0; i < 3; i++)
        if (*parts[i]) remove(parts[i]);
}

static float clipped(float value) { return fminf(fmaxf(value, 0), 1); }

/* How many channels a picture shows of a pixel. */
static int visible(int channels) { return channels == 3 || channels == 4 ? 3 : 1; }

/* Images as tiles on white, as square as can be, small ones magnified: height * width * visible bytes. */
static unsigned char *grid(const float *image, const int64_t *shape, int *height, int *width) {
    int count = (int)shape[0], h = (int)shape[1], w = (int)shape[2], channels = (int)shape[3];
    int scale = (SMALLEST_TILE - 1) / (h > w ? h : w) + 1, down = h * scale + GAP, right = w * scale + GAP;
    int columns = (int)ceil(sqrt(count)), rows = (count + columns - 1) / columns;
    *height = rows * down + GAP, *width = columns * right + GAP;
    int shown = visible(channels);
    size_t line = (size_t)*width * shown, bytes = line * *height;
    unsigned char *picture = malloc(bytes);
    if (!picture) fail("no memory for %lu bytes: expected room for the picture; lower COUNT", (unsigned long)bytes);
    memset(picture, 255, bytes);
    for (int i = 0; i < count; i++)
        for (int y = 0; y < h * scale; y++)
            for (int x = 0; x < w * scale * shown; x++) {
                int row = y / scale, column = x / shown / scale;
                const float *pixel = image + ((size_t)(i * h + row) * w + column) * channels;
                float alpha = channels == 4 ? clipped(pixel[3]) : 1;
                float ground = (row / SQUARE + column / SQUARE) % 2 ? 0.8f : 1;
                size_t to = (i / columns * down + GAP + y) * line + (i % columns * right + GAP) * shown + x;
                picture[to] = (unsigned char)((clipped(pixel[x % shown]) * alpha + ground * (1 - alpha)) * 255 + 0.5f);
            }
    return picture;
}

/* Write beside the place; `main` renames the files once all are whole. */
static void write_part(int i, const char *path, const char *header, const void *data, size_t bytes) {
    if (strlen(path) + sizeof ".part" > sizeof parts[i])
        fail("%s has %lu letters: expected fewer than %lu; choose a shorter path", path, (unsigned long)strlen(path),
             (unsigned long)(sizeof parts[i] - strlen(".part")));
    struct stat there; /* a device or a named pipe, say, is not replaced */
    if (!stat(path, &there) && !S_ISREG(there.st_mode))
        fail("%s is not a file: expected a file or nothing there; choose another name", path);
    strcat(strcpy(parts[i], path), ".part");
    FILE *file = fopen(parts[i], "wb");
    int good = file && fputs(header, file) >= 0 && fwrite(data, 1, bytes, file) == bytes;
    if ((file && fclose(file)) || !good) fail("%s cannot be written (%s): expected a place that can; choose another", path, strerror(errno));
}

int main(int argc, char **argv) {
    const char *of_class = argc > 1 ? value_of(argv[argc - 1], "label=") : NULL;
    if (of_class) argc--;
    if (argc != 7 && argc != 9)
        fail("%d arguments: expected MODEL SEED FIRST COUNT TEMPERATURE PICTURE [LATENTS IMAGES] [label=CLASS]",
             argc - 1 + !!of_class);
    int32_t seed = (int32_t)number(argv[2], "SEED", -2147483648.0, 2147483647, 1);
    int32_t first = (int32_t)number(argv[3], "FIRST", 0, 2147483647, 1), index[MOST], label[MOST];
    int count = (int)number(argv[4], "COUNT", 1, fmin(MOST, 2147483648.0 - first), 1);
    float temperature = (float)number(argv[5], "TEMPERATURE", 0, 3.4028234e38, 0);
    int32_t one_label = of_class ? (int32_t)number(of_class, "label", 0, 2147483647, 1) : 0;
    for (int i = 0; i < count; i++) index[i] = first + i, label[i] = one_label;
    open_model(argv[1], of_class);

    const char *input_names[] = {"index", "seed", "temperature", "label"}, *output_names[] = {"image", "latent"};
    int64_t rows[1] = {count}, shape[4], latent_shape[2];
    OrtValue *inputs[] = {input(index, rows, 1, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32),
                          input(&seed, NULL, 0, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32),
                          input(&temperature, NULL, 0, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT),
                          input(label, rows, 1, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32)};
    OrtValue *outputs[] = {NULL, NULL};
    check(ort->Run(session, NULL, input_names, (const OrtValue *const *)inputs, of_class ? 4 : 3, output_names, 2,
                   outputs));

    const int64_t most_latent[2] = {0, LARGEST_LATENT};
    const float *image = output(outputs[0], 4, shape, count, most_of_images);
    const float *latent = output(outputs[1], 2, latent_shape, count, most_latent);
    size_t pixels = (size_t)(shape[0] * shape[1] * shape[2] * shape[3]);
    for (size_t i = 0; i < pixels; i++)
        if (!isfinite(image[i])) fail("TEMPERATURE is %s, which gives images that are not finite: expected finite ones; lower it", argv[5]);

    int height, width;
    char header[64];
    atexit(remove_parts);
    unsigned char *picture = grid(image, shape, &height, &width);
    snprintf(header, sizeof header, "P%d\n%d %d\n255\n", visible((int)shape[3]) == 1 ? 5 : 6, width, height);
    write_part(0, argv[6], header, picture, (size_t)height * width * visible((int)shape[3]));
    if (argc == 9) {
        write_part(1, argv[7], "", latent, sizeof *latent * latent_shape[0] * latent_shape[1]);
        write_part(2, argv[8], "", image, sizeof *image * pixels);
    }
    for (int i = 0; i < argc - 6; i++, *parts[i - 1] = 0)
        if (rename(parts[i], argv[6 + i])) fail("%s cannot be written (%s): expected a place that can; choose another", argv[6 + i], strerror(errno));

    free(picture);
    for (int i = 0; i < 2; i++) ort->ReleaseValue(outputs[i]);
    for (int i = 0; i < 4; i++) ort->ReleaseValue(inputs[i]);
    close_model();
    return 0;
}
