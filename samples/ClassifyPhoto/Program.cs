// What a deployed program does: ONNX Runtime runs the exported file, SkiaSharp reads the photo, nothing of Proxyless is there.
// Usage: ClassifyPhoto MODEL.onnx PHOTO
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using SkiaSharp;

if (args.Length != 2)
{
    Console.Error.WriteLine("usage: ClassifyPhoto MODEL.onnx PHOTO");
    return 2;
}

using var session = new InferenceSession(args[0]);
if (session.InputMetadata.Values.Single().Dimensions[1] != 3)
{
    Console.Error.WriteLine("this sample is for models of colour images");
    return 2;
}

Dictionary<string, string> metadata = session.ModelMetadata.CustomMetadataMap;
string[] classes = JsonSerializer.Deserialize<string[]>(metadata["classes"])!;
int side = int.Parse(metadata["resolution"]);

// The shorter side becomes side / 0.875 and the middle is cut out; small images are taken whole.
using SKBitmap photo = SKBitmap.Decode(args[1]);
bool small = metadata.GetValueOrDefault("provenance.small_images") == "true";
float cut = small ? 1 : 0.875f;
float square = Math.Min(photo.Width, photo.Height) * cut;
var middle = SKRect.Create((photo.Width - square) / 2, (photo.Height - square) / 2, square, square);
using var resized = new SKBitmap(side, side, SKColorType.Rgba8888, SKAlphaType.Opaque);
using (var canvas = new SKCanvas(resized))
using (SKImage image = SKImage.FromBitmap(photo))
{
    canvas.DrawImage(image, small ? SKRect.Create(photo.Width, photo.Height) : middle, SKRect.Create(side, side), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
}

// RGB in [0, 1], channel after channel; the normalisation is inside the model.
var input = new DenseTensor<float>([1, 3, side, side]);
ReadOnlySpan<byte> pixels = resized.GetPixelSpan();
for (int i = 0; i < side * side; i++)
{
    for (int channel = 0; channel < 3; channel++)
    {
        input.Buffer.Span[(channel * side * side) + i] = pixels[(i * 4) + channel] / 255f;
    }
}

string name = session.InputNames[0];
using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs = session.Run([NamedOnnxValue.CreateFromTensor(name, input)]);
float[] scores = [.. outputs[0].AsTensor<float>()];
Console.WriteLine(classes[Array.IndexOf(scores, scores.Max())]);
return 0;
