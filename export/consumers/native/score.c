/* Say how unusual a picture is to a bundle's onnx/score.onnx, in C99 with ONNX Runtime alone. README.md says how to build
 * it.
 *
 *     score MODEL PICTURE [threshold=ELBO] [label=CLASS]
 *
 * PICTURE has the model's size: a PGM file of a gray model, a PPM file of one of colours, both of 8 bits, or, under any
 * other ending, raw float32 [height][width][channel] in [0, 1], as generate writes them. Four lines tell ELBO,
 * reconstruction, KL and bound in nats, as score.py tells them of a first picture; with a threshold, that of the
 * manifest's section `score`, a fifth tells the verdict. The exit status is 2, after one line on stderr, for what the
 * caller must mend. */
#define PROGRAM "score"
#define FILE_OF_BUNDLE "onnx/score.onnx"
#include <ctype.h>
#include <errno.h>
#include "model.h"

enum { FIGURES = 4 };

/* Height, width and channels, by which a picture is read, after the number of rows. */
static void take_image_shape(int64_t *shape) {
    OrtTypeInfo *type;
    const OrtTensorTypeAndShapeInfo *info;
    check(ort->SessionGetInputTypeInfo(session, 0, &type));
    check(ort->CastTypeInfoToTensorInfo(type, &info));
    if (!info) fail("%s has no tensor as its first input: expected images; copy the file again", model);
    take_shape(info, "input", 4, shape, 1, most_of_images);
    ort->ReleaseTypeInfo(type);
}

static int ends_in(const char *text, const char *ending) {
    size_t from = strlen(text), letters = strlen(ending);
    return from >= letters && !strcmp(text + from - letters, ending);
}

/* The next whole number of a header, and the one space after it; -1 where there is none. */
static int header_number(FILE *file) {
    int letter, value = 0, comment = 0;
    do {
        letter = fgetc(file);
        comment = letter == '#' || (comment && letter != '\n' && letter != EOF);
    } while (comment || isspace(letter));
    if (!isdigit(letter)) return -1;
    for (; isdigit(letter) && value <= LARGEST_SIDE; letter = fgetc(file)) value = 10 * value + letter - '0';
    return isspace(letter) ? value : -1;
}

static void read_header(FILE *file, const char *path, const int64_t *shape) {
    int height = (int)shape[1], width = (int)shape[2], channels = (int)shape[3];
    if (channels != 1 && channels != 3)
        fail("%s is a PGM or PPM file: expected raw float32, since the model has %d channels; convert it", path,
             channels);
    int letter = fgetc(file), kind = fgetc(file), sizes[3];
    for (int i = 0; i < 3; i++) sizes[i] = header_number(file);
    if (letter != 'P' || kind != (channels == 1 ? '5' : '6') || sizes[0] != width || sizes[1] != height ||
        sizes[2] != 255)
        fail("%s is another picture than the model takes: expected P%d, %d wide, %d high, of 255 steps; convert it",
             path, channels == 1 ? 5 : 6, width, height);
}

/* The pixels of a picture, [0, 1]. */
static float *read_picture(const char *path, const int64_t *shape) {
    size_t count = (size_t)(shape[1] * shape[2] * shape[3]);
    int of_bytes = ends_in(path, ".pgm") || ends_in(path, ".ppm");
    size_t wide = of_bytes ? 1 : sizeof(float);
    float *pixels = malloc(count * sizeof *pixels);
    FILE *file = fopen(path, "rb");
    if (!file) fail("%s cannot be read (%s): expected a picture; check the path", path, strerror(errno));
    if (!pixels) fail("no memory for %lu pixels: expected room for a picture", (unsigned long)count);
    if (of_bytes) read_header(file, path, shape);
    if (fread(pixels, wide, count, file) != count || fgetc(file) != EOF)
        fail("%s has fewer or more bytes than a picture of the model's: expected %lu of pixels; convert it", path,
             (unsigned long)(count * wide));
    fclose(file);
    /* From the last on, for the bytes stand where the first floats will. */
    for (size_t i = count; of_bytes && i--;) pixels[i] = ((unsigned char *)pixels)[i] / 255.0f;
    for (size_t i = 0; i < count; i++)
        if (!(pixels[i] >= 0 && pixels[i] <= 1))
            fail("%s has a pixel of %g: expected 0 to 1; divide by the largest", path, pixels[i]);
    return pixels;
}

int main(int argc, char **argv) {
    const char *threshold = NULL, *of_class = NULL;
    int given = argc;
    for (const char *value; argc > 3; argc--)
        if ((value = value_of(argv[argc - 1], "threshold="))) threshold = value;
        else if ((value = value_of(argv[argc - 1], "label="))) of_class = value;
        else break;
    if (argc != 3) fail("%d arguments: expected MODEL PICTURE [threshold=ELBO] [label=CLASS]", given - 1);
    double least = threshold ? number(threshold, "threshold", -1e300, 1e300, 0) : 0;
    int32_t label = of_class ? (int32_t)number(of_class, "label", 0, 2147483647, 1) : 0, index = 0, seed = 0;
    int64_t shape[4], rows[1] = {1};
    open_model(argv[1], of_class);
    take_image_shape(shape);
    float *pixels = read_picture(argv[2], shape);

    const char *input_names[] = {"image", "index", "seed", "label"};
    const char *output_names[FIGURES] = {"elbo", "reconstruction", "kl", "bound"};
    OrtValue *inputs[] = {input(pixels, shape, 4, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT),
                          input(&index, rows, 1, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32),
                          input(&seed, NULL, 0, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32),
                          input(&label, rows, 1, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32)};
    OrtValue *outputs[FIGURES] = {NULL};
    check(ort->Run(session, NULL, input_names, (const OrtValue *const *)inputs, of_class ? 4 : 3, output_names, FIGURES,
                   outputs));

    float figures[FIGURES];
    for (int i = 0; i < FIGURES; i++)
        if (!isfinite(figures[i] = *output(outputs[i], 1, rows, 1, NULL)))
            fail("%s gives a score that is not finite: expected nats; copy the file again", model);
    for (int i = 0; i < FIGURES; i++) printf("%s %.4f\n", output_names[i], figures[i]);
    if (threshold) printf("verdict %s\n", figures[0] < least ? "unusual" : "usual");
    if (fflush(stdout)) fail("the scores cannot be written (%s): expected a place that can", strerror(errno));

    for (int i = 0; i < FIGURES; i++) ort->ReleaseValue(outputs[i]);
    for (int i = 0; i < 4; i++) ort->ReleaseValue(inputs[i]);
    close_model();
    free(pixels);
    return 0;
}
