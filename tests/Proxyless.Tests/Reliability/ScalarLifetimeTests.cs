using Mono.Cecil;
using Mono.Cecil.Cil;
using Proxyless.Runtime;
using TorchSharp;
using Xunit;

namespace Proxyless.Tests.Reliability;

/// <summary>
/// libtorch reads a scalar by its address while the collector may free it, unless somebody keeps it
/// (<see cref="WithScalar"/>). Here the compiled code is read: each scalar of ours, and each tensor that a number
/// becomes, is kept in a variable, and no method of TorchSharp is called that makes one of its own and keeps it
/// nowhere. <c>tensor.add(scalar)</c> is such a method: it makes the 1 that multiplies the scalar.
/// </summary>
public sealed class ScalarLifetimeTests
{
    private const string TensorName = "TorchSharp.torch/Tensor";

    private static readonly string Folder = AppContext.BaseDirectory;
    private static readonly Lazy<HashSet<string>> Makers = new(MethodsThatMakeScalars);

    public static TheoryData<string> Assemblies =>
        [
            .. Directory
                .EnumerateFiles(Folder, "Proxyless*.dll")
                .Where(file => Read(file).AssemblyReferences.Any(reference => reference.Name == nameof(TorchSharp)))
                .Select(file => Path.GetFileName(file)),
        ];

    [Fact]
    public void Methods_of_TorchSharp_that_make_a_scalar_are_found()
    {
        Assert.Contains($"{TensorName} {TensorName}::add(TorchSharp.Scalar)", Makers.Value);
        Assert.Contains($"{TensorName} {TensorName}::op_Addition({TensorName},{TensorName})", Makers.Value);
        Assert.DoesNotContain($"{TensorName} {TensorName}::add(TorchSharp.Scalar,TorchSharp.Scalar)", Makers.Value);
        Assert.DoesNotContain($"{TensorName} {TensorName}::mul({TensorName})", Makers.Value);
        Assert.Contains($"{nameof(Proxyless)}.dll", Assemblies.Select(row => row.Data));
    }

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Every_scalar_is_kept_while_libtorch_reads_it(string assembly)
    {
        var faults = new List<string>();
        foreach (MethodDefinition method in Methods(Read(Path.Combine(Folder, assembly))))
        {
            foreach (Instruction instruction in method.Body.Instructions)
            {
                if (instruction.Operand is not MethodReference called)
                {
                    continue;
                }

                if ((MakesScalar(called) || MakesTensor(called)) && !IsStore(instruction.Next))
                {
                    faults.Add($"{Place(method, instruction)}: a scalar without a variable");
                }
                else if (Makers.Value.Contains(NameOf(called)))
                {
                    faults.Add($"{Place(method, instruction)}: {called.FullName} makes a scalar that nothing keeps");
                }
            }
        }

        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults));
    }

    /// <summary>
    /// Full names of the methods of TorchSharp in which a scalar goes straight from where it is made into a call, and
    /// of those that call these. What is called through an interface or a delegate is not followed.
    /// </summary>
    private static HashSet<string> MethodsThatMakeScalars()
    {
        MethodDefinition[] methods =
        [
            .. Methods(Read(Path.Combine(Folder, "TorchSharp.dll")))
                .Where(method => method.DeclaringType.Name is not (nameof(Scalar) or nameof(ScalarExtensionMethods))),
        ];
        HashSet<string> found =
        [
            .. methods
                .Where(method => Calls(method).Any(call => MakesScalar(call.Called) && !IsStore(call.At.Next)))
                .Select(method => method.FullName),
        ];
        int before;
        do
        {
            before = found.Count;
            found.UnionWith(
                methods
                    .Where(method => Calls(method).Any(call => found.Contains(NameOf(call.Called))))
                    .Select(method => method.FullName)
                    .ToArray()
            );
        } while (found.Count > before);
        return found;
    }

    private static IEnumerable<(Instruction At, MethodReference Called)> Calls(MethodDefinition method) =>
        method
            .Body.Instructions.Where(instruction => instruction.Operand is MethodReference)
            .Select(instruction => (instruction, (MethodReference)instruction.Operand));

    private static bool MakesScalar(MethodReference method) =>
        method.DeclaringType.Namespace == nameof(TorchSharp)
        && (method.DeclaringType.Name, method.Name)
            is
                (nameof(Scalar), "op_Implicit" or ".ctor")
                or
                (nameof(ScalarExtensionMethods), "ToScalar");

    /// <summary>Where a number stands for a tensor, as in <c>lerp(one, other, 0.5)</c>.</summary>
    private static bool MakesTensor(MethodReference method) =>
        method.DeclaringType.FullName == TensorName && method.Name == "op_Implicit";

    private static bool IsStore(Instruction instruction) =>
        instruction.OpCode.Code
            is Code.Stloc
                or Code.Stloc_S
                or Code.Stloc_0
                or Code.Stloc_1
                or Code.Stloc_2
                or Code.Stloc_3
                or Code.Stfld;

    /// <summary>The name of a method, and of a generic one as it is declared.</summary>
    private static string NameOf(MethodReference method) => method.GetElementMethod().FullName;

    private static IEnumerable<MethodDefinition> Methods(ModuleDefinition module) =>
        module.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody);

    private static string Place(MethodDefinition method, Instruction instruction)
    {
        SequencePoint? point = method.DebugInformation.SequencePoints.LastOrDefault(point =>
            point.Offset <= instruction.Offset && !point.IsHidden
        );
        return point is null
            ? method.FullName
            : $"{Path.GetRelativePath(Repository.Root, point.Document.Url)}:{point.StartLine}";
    }

    private static ModuleDefinition Read(string file) =>
        ModuleDefinition.ReadModule(
            file,
            new ReaderParameters { ReadSymbols = File.Exists(Path.ChangeExtension(file, ".pdb")) }
        );
}
