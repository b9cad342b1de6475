// A service that classifies photographs: POST an image to /classify, get the most probable classes as JSON.
// Usage: ClassifyService --model MODEL.onnx [--urls http://localhost:5000]
using Proxyless.Inference;

const int MostBytes = 20_000_000;
const long MostPixels = 50_000_000;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
if (builder.Configuration["model"] is not { } model || !File.Exists(model))
{
    Console.Error.WriteLine("usage: ClassifyService --model MODEL.onnx [--urls http://localhost:5000]");
    return 2;
}

using OnnxClassifier? loaded = TryLoad(model);
if (loaded is null)
{
    return 2;
}

// A photograph of many pixels takes hundreds of megabytes: only so many at once.
using var places = new SemaphoreSlim(Environment.ProcessorCount);
builder.WebHost.ConfigureKestrel(options => options.Limits.MaxRequestBodySize = MostBytes);
builder.Services.AddSingleton(loaded);
WebApplication app = builder.Build();
app.MapPost(
    "/classify",
    async (Stream body, OnnxClassifier classifier, CancellationToken cancellation) =>
    {
        using var photo = new MemoryStream();
        await body.CopyToAsync(photo, cancellation);
        await places.WaitAsync(cancellation);
        try
        {
            return Results.Ok(classifier.Classify(photo.ToArray(), "the photo", top: 3, MostPixels));
        }
        catch (UnreadableImageException exception)
        {
            return Results.BadRequest(new { exception.Message });
        }
        finally
        {
            places.Release();
        }
    }
);
app.Run();
return 0;

static OnnxClassifier? TryLoad(string model)
{
    try
    {
        return OnnxClassifier.Load(model);
    }
    catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
    {
        Console.Error.WriteLine(exception.Message);
        return null;
    }
}
